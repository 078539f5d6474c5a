import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixtureResult } from '../../support/fixture';
import { WITHOUT_ADDON, type WithoutAddon } from '../../support/native/without-addon';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

const LIMIT_MS = 60_000;

jest.setTimeout(patience(LIMIT_MS));

type Seen = Record<string, unknown>;

let directories: string[] = [];
afterEach(() => {
  for (const directory of directories) rmSync(directory, { recursive: true });
  directories = [];
});

/** Each in a directory of its own, whose name the records must not have. */
async function records(module: string, { flags, env }: WithoutAddon): Promise<Seen> {
  const directory = mkdtempSync(join(tmpdir(), 'memcage-test-'));
  directories.push(directory);
  // One scenario has another user.
  chmodSync(directory, 0o755);
  const program = { name: 'enforcement/scenarios.js', timeoutMs: LIMIT_MS, flags, env };
  return fixtureResult<Seen>(program, module, directory);
}

describeIf('linux', 'where the addon does not load, memcage/child_process is node:child_process', () => {
  test.each(Object.entries(WITHOUT_ADDON))('(%s)', async (_, where) => {
    const [stock, ours] = await Promise.all(
      ['node:child_process', 'memcage/child_process'].map((module) => records(module, where)),
    );
    expect(Object.keys(stock ?? {}).length).toBeGreaterThan(30);
    expect(stock).toMatchObject({
      'an exit code': { after: { exitCode: 3 }, texts: ['out\n', 'err\n'] },
      'fork, messages': { after: { exitCode: 0 } },
      'execFile, every form': [{}, {}, { called: [null, 'x\n', ''] }, {}, {}],
    });
    expect(ours).toEqual(stock);
  });
});
