import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as memcage from 'memcage';
import { spawnSync } from 'memcage';
import { withoutBinding } from '../../../support/native/without-binding';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { makeRootDirectory, ownMounts, type RootDirectory, SYSTEM } from '../../../support/roots/root-directory';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

jest.setTimeout(patience(30_000));

const TELL = 'echo $(ls /etc) $(pwd) $$';
const UTF8 = { encoding: 'utf8' } as const;

describeIf(['root', 'cgroup', 'root-read-only'], "a root of its own for a sync function without Node's binding", () => {
  expectNothingLeft(async () => spawnSync('true', { memory: '100M' }));
  let without: typeof memcage;
  let directory: RootDirectory;
  let before: string;
  beforeAll(() => {
    without = withoutBinding();
  });
  beforeEach(() => {
    directory = makeRootDirectory();
    directory.file('etc/name');
    before = ownMounts();
  });
  afterEach(() => {
    expect(ownMounts()).toBe(before);
    directory.remove();
  });

  testRows<[string | URL | undefined, memcage.NamespaceOptions, string]>(
    'it begins inside',
    [
      [undefined, {}, 'name / 3'],
      ['/etc', {}, 'name /etc 3'],
      ['etc', { pid: true }, 'name /etc 1'],
      [pathToFileURL('/tmp'), {}, 'name /tmp 3'],
    ],
    ([cwd, namespaces, told]) => {
      const root = { path: directory.path, binds: SYSTEM };
      const given = { ...UTF8, root, namespaces, memory: '100M', ...(cwd !== undefined && { cwd }) };
      expect(without.spawnSync('sh', ['-c', TELL], given).stdout).toMatch(
        new RegExp(`^${told.replace('3', '[23]')}\n$`),
      );
    },
  );

  test('its program is looked up inside, and a failure is told', () => {
    const path = directory.path;
    expect(without.spawnSync(process.execPath, { root: { path } }).error).toMatchObject({ code: 'ENOENT' });
    const binds = [{ from: '/usr', to: '/none' }];
    expect(thrown(() => without.spawnSync('true', { root: { path, binds } }))).toMatchObject({
      code: 'ERR_MEMCAGE_MOUNT',
      stage: 'root-target',
      path: '/none',
      cure: expect.stringContaining(`mkdir -p ${join(path, 'none')}`) as string,
    });
  });
});
