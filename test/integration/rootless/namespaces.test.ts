import { readFileSync } from 'node:fs';
import { constants, hostname } from 'node:os';
import { describeIf } from '../../support/require';
import { type Attempt, lines, type Result, runAsUser, SHOW_MAPS, user } from '../../support/rootless';
import { testRows } from '../../support/rows';

const sh = (script: string, namespaces: NonNullable<Attempt[2]>['namespaces']): Attempt => [
  'sh',
  ['-c', script],
  { namespaces: namespaces ?? {} },
];

const OWN_IDS = [`uid ${user.uid} ${user.uid} 1`, `gid ${user.gid} ${user.gid} 1`];

async function outputOf(attempt: Attempt): Promise<string[]> {
  const [result] = await runAsUser([attempt]);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  return lines((result as Result).stdout);
}

describeIf(['unprivileged-userns'], 'namespaces for a user without rights', () => {
  test('it gets pid and mount namespaces, in a user namespace with its own ids', async () => {
    const script = `${SHOW_MAPS}; id -u; echo $$ && echo /proc/[0-9]*; cat /proc/self/setgroups`;
    const output = await outputOf(sh(script, { pid: true, mount: true }));
    expect(output).toEqual([...OWN_IDS, String(user.uid), '1', '/proc/1', 'deny']);
  });

  testRows(
    'it gets each kind alone',
    ['uts', 'mount', 'pid', 'ipc', 'net', 'cgroup', 'time'] as const,
    async (kind) => {
      expect(await outputOf(sh(SHOW_MAPS, { [kind]: true }))).toEqual(OWN_IDS);
    },
  );

  test('all at once; the host name stays inside', async () => {
    const before = hostname();
    const all = { uts: { hostname: 'inside' }, mount: true, pid: true, ipc: true, net: true, cgroup: true, time: true };
    const [name, ...ids] = await outputOf(sh(`hostname; ${SHOW_MAPS}; grep -c 127.0.0.1 /proc/net/fib_trie`, all));
    expect([name, ...ids.slice(0, 2)]).toEqual(['inside', ...OWN_IDS]);
    expect(Number(ids[2])).toBeGreaterThan(0);
    expect(hostname()).toBe(before);
  });

  test('its program can take nothing of its init, which has none of its settings', async () => {
    const script = '(: <> /proc/1/mem) 2>/dev/null && echo memory; readlink /proc/1/fd/0; id -u; cat /proc/1/comm';
    const [result] = await runAsUser([sh(script, { pid: { init: true }, mount: true })]);
    expect(lines((result as Result).stdout)).toEqual([String(user.uid), 'memcage-exec']);
  });

  test('root inside mounts for itself only', async () => {
    const script = 'mount -t tmpfs memcage-rootless /mnt && grep -c memcage-rootless /proc/self/mountinfo';
    expect(await outputOf(sh(script, { mount: true, user: { uid: 0, gid: 0 } }))).toEqual(['1']);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain('memcage-rootless');
  });

  test('with `user: false` the kernel refuses', async () => {
    const [result] = await runAsUser([sh('true', { pid: true, mount: true, user: false })]);
    expect(result).toMatchObject({
      code: 'ERR_MEMCAGE_NAMESPACE',
      errno: -constants.errno.EPERM,
      stage: 'clone',
      message: expect.stringContaining('`namespaces.user`') as string,
    });
  });

  test('without any namespace it gets no user namespace', async () => {
    const own = lines(readFileSync('/proc/self/uid_map', 'utf8')).map(
      (line) => `uid ${line.trim().split(/\s+/).join(' ')}`,
    );
    expect(await outputOf(sh(SHOW_MAPS, {}))).toEqual(expect.arrayContaining(own));
    expect(await outputOf(sh(SHOW_MAPS, { pid: false, mount: false }))).toEqual(expect.arrayContaining(own));
  });
});
