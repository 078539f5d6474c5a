import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { native, type RootPlan } from 'memcage/native';
import { errno, refusing } from '../../support/cgroups/bpf';
import { outputOf, shell } from '../../support/native/native-child';
import { STARTER, WAYS } from '../../support/native/starter';
import { describeIf } from '../../support/require';
import { ownDirectory } from '../../support/roots/own-directory';
import { bind, EMPTY, failureIn, inRoot, printedIn, SYSTEM, tmpfs } from '../../support/roots/root-plan';
import { testRows } from '../../support/rows';

const { EACCES, ENOENT } = constants.errno;

describeIf(['root', 'root-read-only'], 'the root of a child', () => {
  const { inside, prepare } = ownDirectory();

  testRows(
    'an empty one has what was mounted in it, and no way out',
    WAYS,
    ({ way }) => {
      const script =
        'pwd; cd ..; pwd; echo *; echo /proc/[0-9]*; cut -d" " -f5 /proc/self/mountinfo | grep -v /proc/ | sort';
      expect(printedIn({ ...EMPTY, cwd: '/usr' }, script, way)).toEqual([
        '/usr',
        '/',
        [...SYSTEM.map(({ to }) => to.slice(1)), 'dev', 'proc'].sort().join(' '),
        '/proc/1',
        ...[
          '/',
          '/proc',
          '/dev',
          ...['full', 'null', 'pts', 'random', 'shm', 'tty', 'urandom', 'zero'].map((name) => `/dev/${name}`),
          ...SYSTEM.map(({ to }) => to),
        ].sort(),
      ]);
    },
    { name: ({ how }) => how },
  );

  test('keeps no fd but the standard streams', () => {
    // The shell has one of its own while it reads the directory.
    expect(printedIn(EMPTY, 'echo /proc/self/fd/*')).toEqual([
      expect.stringMatching(/^(\/proc\/self\/fd\/[0-3] ?){3,4}$/),
    ]);
  });

  test('a directory becomes it, and the program is looked up inside', () => {
    prepare('program');
    writeFileSync(inside('program', 'inside'), '#!/bin/sh\npwd\necho /*\n', { mode: 0o755 });
    const root = { path: inside(), proc: 'new', dev: true, mounts: SYSTEM, cwd: '/program' } as const;
    const options = { file: 'inside', env: ['PATH=/nowhere:/program'] };
    const all = ['/dev', '/proc', '/program', ...SYSTEM.map(({ to }) => to)].sort();
    expect(outputOf({ ...inRoot(root), ...options })).toBe(`/program\n${all.join(' ')}\n`);
    expect(failureIn(root, { file: inside('program', 'inside') })).toMatchObject({ stage: 'exec', errno: -ENOENT });
  });

  test('opens a program outside, if it is told to', () => {
    // Not a script: the file is reached through no path then.
    const root = { ...EMPTY, mounts: SYSTEM, hide: ['/usr/bin'] };
    expect(failureIn(root, { file: '/usr/bin/true' })).toMatchObject({ stage: 'exec', errno: -ENOENT });
    expect(failureIn(root, { file: '/usr/bin/true', fileOutside: true, stdio: [-1, -1, -1, -1, 2] })).toEqual({
      ran: true,
    });
    expect(failureIn(root, { file: '/nowhere', fileOutside: true })).toMatchObject({ stage: 'exec', path: '/nowhere' });
  });

  test('a copy of its own hides nothing, and what is mounted inside stays there', () => {
    const script = 'mount -t tmpfs none "$1" && grep -c "$1" /proc/self/mountinfo; pwd';
    expect(outputOf({ ...inRoot({ cwd: inside() }), ...shell(script, inside()) })).toBe(`1\n${inside()}\n`);
  });

  test('read-only is all but what was mounted in it', () => {
    mkdirSync(inside('writable'));
    mkdirSync(inside('readable'));
    const root: Partial<RootPlan> = {
      readOnly: true,
      proc: 'new',
      mounts: [
        tmpfs('/tmp'),
        bind(inside('writable'), '/tmp/writable', { create: true }),
        bind(inside('readable'), '/tmp/readable', { create: true, readOnly: true }),
      ],
    };
    const write = (path: string): string => `(echo > ${path}) 2>/dev/null && echo ${path}`;
    const paths = [inside('f'), '/f', '/dev/shm/f', '/dev/null', '/tmp/f', '/tmp/writable/f', '/tmp/readable/f'];
    const script = [...paths.map(write), 'echo 9 > /proc/self/oom_score_adj && echo proc'].join('; ');
    expect(printedIn(root, script)).toEqual(['/dev/null', '/tmp/f', '/tmp/writable/f', 'proc']);
    expect(existsSync(inside('writable', 'f'))).toBe(true);
    expect(printedIn({ ...EMPTY, readOnly: true }, `${write('/f')}; ${write('/dev/shm/f')}`)).toEqual(['/dev/shm/f']);
  });

  test('/dev has what programs expect', () => {
    const script = [
      'echo lost > /dev/null; head -c 2 /dev/zero | wc -c; head -c 2 /dev/urandom | wc -c; /bin/echo > /dev/full',
      'readlink /dev/fd /dev/stdin /dev/ptmx; stat -c %a /dev /dev/shm /dev/pts/ptmx; echo x > /dev/shm/x && echo made',
    ].join('; ');
    expect(printedIn(EMPTY, script)).toEqual([
      '2',
      '2',
      expect.stringContaining('No space left') as string,
      ...['/proc/self/fd', '/proc/self/fd/0', 'pts/ptmx', '755', '1777', '666', 'made'],
    ]);
  });

  test('/proc without a PID namespace is that of this process', () => {
    const root = inRoot({ ...EMPTY, proc: 'bind' });
    const options = { ...root, namespaces: native.constants.CLONE_NEWNS, ...shell('echo /proc/[0-9]*') };
    expect(outputOf(options).trim().split(' ')).toContain(`/proc/${process.pid}`);
  });

  test('is made before the child gives up what it needs for that', () => {
    const root = { ...EMPTY, readOnly: true };
    const dropped = { capabilities: [], noNewPrivs: true, uid: 1234, gid: 1234, starter: STARTER };
    expect(printedIn(root, 'id -u; grep CapEff /proc/self/status', dropped)).toEqual([
      '1234',
      'CapEff:\t0000000000000000',
    ]);
  });

  test('is made before a seccomp filter forbids what that takes', () => {
    const seccomp = refusing(['chdir', 'mkdir', 'mkdirat'], errno(EACCES));
    const root = { ...EMPTY, mounts: [...SYSTEM, tmpfs('/a/b/c', { create: true })], cwd: '/a/b' };
    const script = 'pwd; mkdir d; cd c';
    const denied = expect.stringContaining('ermission denied') as string;
    expect(printedIn(root, script, { noNewPrivs: true, seccomp, starter: STARTER })).toEqual([
      '/a/b',
      denied,
      expect.stringContaining('cd') as string,
    ]);
  });
});

describeIf(['root', 'userns', 'root-read-only'], 'the root of a child in a user namespace', () => {
  test('is made with the rights in that', () => {
    const user = {
      namespaces: ['CLONE_NEWNS', 'CLONE_NEWPID', 'CLONE_NEWUSER'].reduce(
        (all, name) => all | native.constants[name as 'CLONE_NEWNS'],
        0,
      ),
      idMaps: { uidMap: '1000 0 1', gidMap: '1000 0 1' },
    };
    const root = { ...EMPTY, readOnly: true, hide: ['/usr/share'] };
    const script =
      'id -u; echo x > /dev/null && echo null; echo x > /dev/shm/x && echo shm; echo /usr/share/*; echo $$';
    expect(printedIn(root, script, user)).toEqual(['1000', 'null', 'shm', '/usr/share/*', '1']);
  });
});
