import { readFileSync } from 'node:fs';
import { describeIf } from '../../support/require';
import {
  type Attempt,
  lines,
  type Result,
  runAfter,
  runAsUser,
  runWithRanges,
  SHOW_MAPS,
  user,
} from '../../support/rootless';

const { name, uid, gid } = user;
const RANGES = `other:1:5\n${name}:200000:1000\n${uid}:300000:500\n`;

const sh = (script: string, ids: { uid?: number; gid?: number }, more: Attempt[2] = {}): Attempt => [
  'sh',
  ['-c', script],
  { ...more, namespaces: { mount: true, user: { ...ids, subordinate: true } } },
];

const ROOT = { uid: 0, gid: 0 };
// With that, /tmp belongs only to this mount namespace.
const CHOWN = 'mount -t tmpfs none /mnt && touch /mnt/file && chown 33:44 /mnt/file && stat -c "%u %g" /mnt/file';

async function only(results: Promise<Result[]>): Promise<Result> {
  const [result, ...others] = await results;
  expect(others).toEqual([]);
  return result as Result;
}

describeIf(['root', 'newuidmap', 'unprivileged-userns'], 'subordinate ids', () => {
  const run = (attempt: Attempt): Promise<Result> => only(runWithRanges(RANGES, RANGES, [attempt]));

  test('are mapped from 0 on, around the caller, of both its name and its uid', async () => {
    const { stdout } = await run(sh(`${SHOW_MAPS}; cat /proc/self/setgroups`, { uid: 500, gid: 0 }));
    expect(lines(stdout)).toEqual([
      `uid 500 ${uid} 1`,
      'uid 0 200000 500',
      'uid 501 200500 500',
      'uid 1001 300000 500',
      `gid 0 ${gid} 1`,
      'gid 1 200000 1000',
      'gid 1001 300000 500',
      // newgidmap allows setgroups to those who have subordinate gids.
      'allow',
    ]);
  });

  test('leave the caller its own ids where none are given', async () => {
    const { stdout } = await run(sh('echo $(id -u) $(id -g)', {}));
    expect(stdout).toBe(`${uid} ${gid}\n`);
  });

  test('can be the owner of a file', async () => {
    expect(await run(sh(CHOWN, ROOT))).toMatchObject({ stdout: '33 44\n', stderr: '', exitCode: 0 });
  });

  test('can be the user that the child runs as', async () => {
    const { stdout } = await run(sh('echo $(id -u) $(id -g)', ROOT, { uid: 33, gid: 44 }));
    expect(stdout).toBe('33 44\n');
  });

  test('of a file that has none for the caller: the error names it and the cure', async () => {
    const [subuid, subgid] = await Promise.all([
      only(runWithRanges('other:1:5\n', RANGES, [sh('true', ROOT)])),
      only(runWithRanges(RANGES, '', [sh('true', ROOT)])),
    ]);
    const code = 'ERR_MEMCAGE_NO_SUBORDINATE_IDS';
    expect(subuid).toMatchObject({ code, path: '/etc/subuid' });
    expect(subuid.message).toContain(`usermod --add-subuids FIRST-LAST ${name}`);
    expect(subgid).toMatchObject({ code, path: '/etc/subgid' });
    expect(subgid.message).toContain(`usermod --add-subgids FIRST-LAST ${name}`);
  });

  test('without newuidmap: the package is named', async () => {
    // A mount hides it: a file that can't be run.
    const hide = 'mount --bind /etc/passwd /usr/bin/newuidmap && exec "$@"';
    const command = ['unshare', '-m', '--propagation=private', 'sh', '-c', hide, 'sh'];
    const result = await only(runAfter(command, [sh('true', ROOT)]));
    expect(result).toMatchObject({ code: 'ERR_MEMCAGE_NO_NEWUIDMAP', path: 'newuidmap' });
    expect(result.message).toContain('uidmap (Debian, Ubuntu)');
  });

  test('that newuidmap is not allowed to map: what it says, and the cure', async () => {
    const [result] = await runWithRanges(RANGES, RANGES, [sh('true', ROOT)], ['setpriv', '--no-new-privs']);
    expect(result).toMatchObject({ code: 'ERR_MEMCAGE_ID_MAP_REFUSED', stage: 'id-maps' });
    expect(result?.message).toMatch(/newuidmap: write to uid_map failed: .*no_new_privs/);
  });
});

describeIf(['subordinate-ids', 'unprivileged-userns'], 'the ranges of this machine', () => {
  test('are mapped, and a file can be given to one of them', async () => {
    const result = await only(runAsUser([sh(`${SHOW_MAPS}; ${CHOWN}`, ROOT)]));
    expect(result).toMatchObject({ stderr: '', exitCode: 0 });
    const [start, count] = rangeOf('/etc/subuid');
    expect(lines(result.stdout)).toEqual(
      expect.arrayContaining([`uid 0 ${uid} 1`, `uid 1 ${start} ${count}`, '33 44']),
    );
  });
});

function rangeOf(file: string): string[] {
  const line = lines(readFileSync(file, 'utf8')).find((text) => text.startsWith(`${name}:`));
  return (line ?? '').split(':').slice(1);
}
