import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { summarizeSnapshot } from '../../../../../lib/cage/evidence/heap/summarize';
import { heapSnapshot } from '../../../../support/evidence/heap-snapshots';

describe('a heap snapshot is summed up', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'memcage-test-heap-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  async function summaryOf(header: object = {}) {
    const path = join(dir, 'a.heapsnapshot');
    const text = heapSnapshot(
      [
        ['synthetic', '', 0, 1],
        ['object', 'Cache\u202e', 10, 2],
        ['string', '', 90],
      ],
      header,
    );
    writeFileSync(path, text);
    return await summarizeSnapshot(path);
  }

  test('by what its types retain, printably', async () => {
    expect(await summaryOf()).toEqual({
      types: [
        { name: expect.stringMatching(/^Cache[^\u202e]+$/), count: 1, ownBytes: 10, retainedBytes: 100 },
        { name: '(string)', count: 1, ownBytes: 90, retainedBytes: 90 },
      ],
    });
  });

  test('by own sizes where more memory would be taken than may be, and says so', async () => {
    const { types, unread } = await summaryOf({ node_count: 2 ** 32 });
    expect(types.map(({ ownBytes, retainedBytes }) => [ownBytes, retainedBytes])).toEqual([
      [90, null],
      [10, null],
      [0, null],
    ]);
    expect(unread).toMatch(/^they take 272 GiB of memory to compute, of at most .*iB$/);
    expect(await summaryOf()).not.toHaveProperty('unread');
  });
});
