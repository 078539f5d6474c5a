import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fixtureResult } from '../../../support/fixture';
import { describeIf } from '../../../support/require';

const PACKAGE = resolve(__dirname, '../../../..');

const BINARIES = ['memcage.node', 'memcage-exec'];

/** A second copy of the package, as a dependency may bring along. */
function copyPackage(directory: string): string {
  const copy = join(directory, 'node_modules/memcage');
  mkdirSync(copy, { recursive: true });
  for (const name of ['package.json', 'dist']) cpSync(join(PACKAGE, name), join(copy, name), { recursive: true });
  symlinkSync(join(PACKAGE, 'node_modules'), join(copy, 'node_modules'));
  mkdirSync(join(copy, 'build/Release'), { recursive: true });
  // Copies, not links: with links, both would share one addon.
  for (const name of BINARIES) copyFileSync(join(PACKAGE, 'build/Release', name), join(copy, 'build/Release', name));
  return copy;
}

interface Result {
  refused: Record<string, { code: string; message: string; paths: string[] } | string>;
}

describeIf('cgroup', 'two copies of memcage', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'memcage-test-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test('a call to the one within contain() of the other is refused, and says why; each by itself works', async () => {
    const copy = copyPackage(directory);
    const { refused, ...rest } = (await fixtureResult('start/api/copies.js', copy)) as Result;
    expect(Object.keys(refused)).toHaveLength(13);
    for (const [name, error] of Object.entries(refused)) {
      expect({ name, error }).toEqual({
        name,
        error: {
          code: 'ERR_MEMCAGE_SEVERAL_COPIES',
          message: expect.stringMatching(
            /several copies of memcage: this one, .* contain\(\) of .* npm dedupe/,
          ) as string,
          paths: [copy, PACKAGE],
        },
      });
    }
    expect(rest).toEqual({ nodes: true, nodesOfOther: true, outside: [0, 0] });
  });
});
