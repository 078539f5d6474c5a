import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import type { RootOptions } from 'memcage';
import { describeIf } from '../../support/require';
import { type Attempt, lines, runAsUser, user } from '../../support/rootless';
import { makeRootDirectory, ownMounts, type RootDirectory, SYSTEM } from '../../support/roots/root-directory';

const sh = (script: string, root: RootOptions, more: Attempt[2] = {}): Attempt => [
  'sh',
  ['-c', script],
  { root, ...more },
];

describeIf(['unprivileged-userns', 'root-read-only'], 'a root of its own for a user without rights', () => {
  let directory: RootDirectory;
  let before: string;
  beforeEach(() => {
    directory = makeRootDirectory();
    directory.file('etc/name', 'inside\n');
    chmodSync(directory.path, 0o755);
    before = ownMounts();
  });
  afterEach(() => {
    expect(ownMounts()).toBe(before);
    directory.remove();
  });

  test('a directory, an empty one, and the machine’s, below an init and as pid 1', async () => {
    const { path } = directory;
    const script =
      'id -u; cat /etc/name; echo x > /dev/null && head -c 2 /dev/zero | wc -c; touch /tmp/x && echo tmp; echo $$';
    const empty = {
      tmpfs: ['/', '/tmp'],
      binds: [...SYSTEM, { source: join(path, 'etc'), target: '/etc', readOnly: true }],
    };
    const other = { path, binds: SYSTEM, tmpfs: ['/tmp'], readOnly: true };
    const own = { readOnly: true, tmpfs: ['/tmp'], hide: ['/usr/share'] };
    const results = await runAsUser([
      sh(script, other),
      sh(script, other, { namespaces: { pid: true } }),
      sh(script, empty),
      sh('touch /x 2>/dev/null || echo read-only; ls -A /usr/share | wc -l; touch /tmp/x && echo tmp', own, {
        cwd: '/',
      }),
    ]);
    const told = (pid: number) => [String(user.uid), 'inside', '2', 'tmp', String(pid)];
    expect(results.map(({ stdout, message }) => message ?? lines(stdout))).toEqual([
      told(2),
      told(1),
      told(2),
      ['read-only', '0', 'tmp'],
    ]);
  });

  test('without capabilities, or with those that are kept', async () => {
    const script = 'grep -E "^Cap(Eff|Bnd)" /proc/self/status; id -u';
    const root = { path: directory.path, binds: SYSTEM };
    const none = { capabilities: [] };
    const told = (bits: string, uid = user.uid) => [`CapEff:\t${bits}`, `CapBnd:\t${bits}`, String(uid)];
    const [nothing, bind] = ['0000000000000000', '0000000000000400'];
    const asAnother = { user: { uid: 1000, gid: 1000 } };
    const results = await runAsUser([
      sh(script, root, { privileges: none }),
      sh(script, root, { privileges: { capabilities: ['net_bind_service'] } }),
      sh(script, root, { privileges: none, namespaces: asAnother }),
      sh(script, root, { privileges: none, namespaces: asAnother, uid: 1000, gid: 1000 }),
      sh(script, root, { privileges: none, namespaces: { user: { uid: 0, gid: 0 } } }),
      ['sh', ['-c', script], { namespaces: { pid: { init: true } }, privileges: { ...none, noNewPrivileges: true } }],
    ]);
    expect(results.map(({ stdout, message }) => message ?? lines(stdout))).toEqual([
      told(nothing),
      told(bind),
      told(nothing, 1000),
      told(nothing, 1000),
      told(nothing, 0),
      told(nothing),
    ]);
  });

  test('a root that this user may not search is told', async () => {
    const [result] = await runAsUser([sh('true', { tmpfs: [{ path: '/', mode: 0 }], binds: SYSTEM })]);
    expect(result).toMatchObject({
      code: 'ERR_MEMCAGE_MOUNT',
      stage: 'init',
      message: expect.stringMatching(
        /^The init finds no \/proc in root \(EACCES.* a tmpfs at \/ a mode that lets/,
      ) as string,
    });
  });

  test('what is missing is named', async () => {
    const [result] = await runAsUser([
      sh('true', { path: directory.path, binds: [{ source: '/usr', target: '/none' }] }),
    ]);
    expect(result).toMatchObject({
      code: 'ERR_MEMCAGE_MOUNT',
      stage: 'root-target',
      message: expect.stringContaining('root.binds[0]: /usr on /none') as string,
    });
  });
});
