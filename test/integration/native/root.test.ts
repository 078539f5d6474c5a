import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { type CloneOptions, native, type RootPlan } from 'memcage/native';
import { errno, refusing } from '../../support/bpf';
import { cloneOptions, outputOf, shell, temporaryDirectory } from '../../support/native-child';
import { describeIf } from '../../support/require';
import { bind, inRoot, SYSTEM, tmpfs } from '../../support/root-plan';
import { testRows } from '../../support/rows';

const { EACCES, EBUSY, EISDIR, ELOOP, ENOENT, ENOTDIR } = constants.errno;

const mountsHere = (): string => readFileSync('/proc/self/mountinfo', 'utf8');

/** What a script prints in a root, errors included. */
function printed(root: Partial<RootPlan>, script: string, more: Partial<CloneOptions> = {}): string[] {
  const [, ...lines] = outputOf({ ...inRoot(root), ...shell(`exec 2>&1; echo; ${script}`), ...more }).split('\n');
  return lines.slice(0, -1);
}

function failure(root: Partial<RootPlan>, more: Partial<CloneOptions> = {}): object {
  const result = native.clone(cloneOptions({ ...inRoot(root), ...more }));
  if ('stage' in result) return result;
  native.reap({ pidfd: result.pidfd });
  native.closeFd({ fd: result.pidfd });
  return { ran: true };
}

const EMPTY: Partial<RootPlan> = { empty: true, dev: true, proc: 'new', mounts: SYSTEM };

describeIf('root', 'the root of a child', () => {
  let directory: string;
  let before: string;
  const inside = (...names: string[]): string => join(directory, ...names);
  /** A directory of this process's that can become a root. */
  const prepare = (...names: string[]): void => {
    for (const name of ['proc', 'dev', ...SYSTEM.map(({ to }) => to), ...names]) {
      mkdirSync(inside(name), { recursive: true });
    }
  };

  beforeEach(() => {
    directory = temporaryDirectory();
    before = mountsHere();
  });
  afterEach(() => {
    expect(mountsHere()).toBe(before);
    rmSync(directory, { recursive: true });
  });

  testRows(
    'an empty one has what was mounted in it, and no way out',
    [true, false],
    (shareMemory) => {
      const script = 'pwd; cd ..; pwd; echo *; echo /proc/[0-9]*; cut -d" " -f5 /proc/self/mountinfo | sort';
      expect(printed({ ...EMPTY, cwd: '/usr' }, script, { shareMemory })).toEqual([
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
    { name: (shareMemory) => `memory ${shareMemory ? 'shared' : 'copied'}` },
  );

  test('keeps no fd but the standard streams', () => {
    // The shell has one of its own while it reads the directory.
    expect(printed(EMPTY, 'echo /proc/self/fd/*')).toEqual([
      expect.stringMatching(/^(\/proc\/self\/fd\/[0-3] ?){3,4}$/),
    ]);
  });

  test('a directory becomes it, and the program is looked up inside', () => {
    prepare('program');
    writeFileSync(inside('program', 'inside'), '#!/bin/sh\npwd\necho /*\n', { mode: 0o755 });
    const root = { path: directory, proc: 'new', dev: true, mounts: SYSTEM, cwd: '/program' } as const;
    const options = { file: 'inside', env: ['PATH=/nowhere:/program'] };
    const all = ['/dev', '/proc', '/program', ...SYSTEM.map(({ to }) => to)].sort();
    expect(outputOf({ ...inRoot(root), ...options })).toBe(`/program\n${all.join(' ')}\n`);
    expect(failure(root, { file: inside('program', 'inside') })).toMatchObject({ stage: 'exec', errno: -ENOENT });
  });

  test('opens a program outside, if it is told to', () => {
    // Not a script: the file is reached through no path then.
    const root = { ...EMPTY, mounts: SYSTEM, hide: ['/usr/bin'] };
    expect(failure(root, { file: '/usr/bin/true' })).toMatchObject({ stage: 'exec', errno: -ENOENT });
    expect(failure(root, { file: '/usr/bin/true', fileOutside: true, stdio: [-1, -1, -1, -1, 2] })).toEqual({
      ran: true,
    });
    expect(failure(root, { file: '/nowhere', fileOutside: true })).toMatchObject({ stage: 'exec', path: '/nowhere' });
  });

  test('a copy of its own hides nothing, and what is mounted inside stays there', () => {
    const script = 'mount -t tmpfs none "$1" && grep -c "$1" /proc/self/mountinfo; pwd';
    expect(outputOf({ ...inRoot({ cwd: directory }), ...shell(script, directory) })).toBe(`1\n${directory}\n`);
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
    expect(printed(root, script)).toEqual(['/dev/null', '/tmp/f', '/tmp/writable/f', 'proc']);
    expect(existsSync(inside('writable', 'f'))).toBe(true);
    expect(printed({ ...EMPTY, readOnly: true }, `${write('/f')}; ${write('/dev/shm/f')}`)).toEqual(['/dev/shm/f']);
  });

  test('a bind has all that is mounted below its source, and is the view of this process', () => {
    writeFileSync(inside('file'), 'of the file');
    symlinkSync('file', inside('link'));
    // The new root is not in a copy of the old one.
    const root = {
      ...EMPTY,
      mounts: [...SYSTEM, bind('/', '/host', { create: true }), bind(inside('link'), '/f', { create: true })],
    };
    expect(printed(root, `cat /f; echo; ls -d /host/host /host/proc/${process.pid}`)).toEqual([
      'of the file',
      expect.stringContaining('/host/host') as string,
      `/host/proc/${process.pid}`,
    ]);
  });

  test('a link in it leads to where it leads inside', () => {
    prepare('a/etc');
    symlinkSync('../../../../../a', inside('up'));
    symlinkSync('/a', inside('absolute'));
    writeFileSync(inside('file'), '');
    const mounts = [...SYSTEM, tmpfs('/up/etc'), bind(inside('file'), '/absolute/etc/file', { create: true })];
    expect(printed({ path: directory, proc: 'new', dev: true, mounts }, 'echo /a/etc/*')).toEqual(['/a/etc/file']);
  });

  test('a target is made on a tmpfs, whatever the umask, and only there', () => {
    const file = inside('file');
    writeFileSync(file, '');
    const umask = process.umask(0o077);
    try {
      const made = {
        ...EMPTY,
        mounts: [...SYSTEM, tmpfs('/x//y/z/', { create: true }), bind(file, '/a/b/c', { create: true })],
      };
      expect(printed(made, 'stat -c "%a %F" /x /x/y /x/y/z /a/b; umask')).toEqual([
        '755 directory',
        '755 directory',
        '1777 directory',
        '755 directory',
        '0077',
      ]);
    } finally {
      process.umask(umask);
    }
    expect(failure({ mounts: [tmpfs(inside('new', 'one'), { create: true })] })).toMatchObject({
      stage: 'root-target',
      errno: -ENOENT,
    });
    // A tmpfs of the plan, which something else covers.
    const covered = [tmpfs(directory), bind('/tmp', directory), bind('/etc', inside('new'), { create: true })];
    expect(failure({ mounts: covered })).toMatchObject({ stage: 'root-target', errno: -ENOENT });
    expect(existsSync(inside('new'))).toBe(false);
    expect(existsSync('/tmp/new')).toBe(false);
    expect(
      printed({ ...EMPTY, mounts: [...SYSTEM, bind(file, '/dev/own', { create: true })] }, 'cat /dev/own'),
    ).toEqual([]);
  });

  test('a tmpfs has its size and mode', () => {
    const root = { mounts: [tmpfs(directory, { size: '8192', mode: '710' })] };
    const script = 'stat -c %a .; head -c 1M /dev/zero > f 2>/dev/null || stat -c %s f';
    expect(printed({ ...root, cwd: directory }, script)).toEqual(['710', '8192']);
    const empty = { ...EMPTY, emptyOptions: { size: '4096', mode: '701' } };
    expect(printed(empty, 'stat -c %a /; head -c 1M /dev/zero > /f 2>/dev/null || stat -c %s /f')).toEqual([
      '701',
      '4096',
    ]);
  });

  test('hides directories, files, and what a link leads to', () => {
    mkdirSync(inside('directory'));
    for (const name of ['directory/secret', 'file', 'linked']) writeFileSync(inside(name), 'secret');
    symlinkSync('linked', inside('link'));
    const hide = ['directory', 'file', 'link', 'nothing', 'file/nothing'].map((name) => inside(name));
    const script = 'echo directory/*; cat file linked; touch directory/f; echo > file; test -e nothing || echo none';
    expect(printed({ hide, cwd: directory }, script)).toEqual([
      'directory/*',
      expect.stringContaining('Read-only file system') as string,
      'none',
    ]);
    expect(readFileSync(inside('file'), 'utf8')).toBe('secret');
  });

  test('/dev has what programs expect', () => {
    const script = [
      'echo lost > /dev/null; head -c 2 /dev/zero | wc -c; head -c 2 /dev/urandom | wc -c; /bin/echo > /dev/full',
      'readlink /dev/fd /dev/stdin /dev/ptmx; stat -c %a /dev /dev/shm /dev/pts/ptmx; echo x > /dev/shm/x && echo made',
    ].join('; ');
    expect(printed(EMPTY, script)).toEqual([
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
    const dropped = { capabilities: [], noNewPrivs: true, uid: 1234, gid: 1234, shareMemory: false };
    expect(printed(root, 'id -u; grep CapEff /proc/self/status', dropped)).toEqual([
      '1234',
      'CapEff:\t0000000000000000',
    ]);
  });

  test('is made before a seccomp filter forbids what that takes', () => {
    const seccomp = refusing(['chdir', 'mkdir', 'mkdirat'], errno(EACCES));
    const root = { ...EMPTY, mounts: [...SYSTEM, tmpfs('/a/b/c', { create: true })], cwd: '/a/b' };
    const script = 'pwd; mkdir d; cd c';
    const denied = expect.stringContaining('ermission denied') as string;
    expect(printed(root, script, { noNewPrivs: true, seccomp })).toEqual([
      '/a/b',
      denied,
      expect.stringContaining('cd') as string,
    ]);
  });

  testRows(
    'has no room for what does not fit',
    [
      ['a directory on a file', { mounts: [bind('/etc', '/etc/passwd')] }, 'root-target', ENOTDIR, '/etc/passwd'],
      ['a file on a directory', { mounts: [bind('/etc/passwd', '/etc')] }, 'root-target', EISDIR, '/etc'],
      ['a tmpfs on a file', { mounts: [tmpfs('/etc/passwd')] }, 'root-target', ENOTDIR, '/etc/passwd'],
      ['a mount on itself', { mounts: [tmpfs('/')] }, 'root-target', EBUSY, '/'],
      ['a way through /proc', { mounts: [tmpfs('/proc/self/cwd/mnt')] }, 'root-target', ELOOP, '/proc/self/cwd/mnt'],
      ['no working directory', { cwd: '/nowhere' }, 'cwd', ENOENT, '/nowhere'],
      ['no such directory', { path: '/nowhere' }, 'root', ENOENT, '/nowhere'],
    ] as const,
    ([, root, stage, error, path]) => {
      expect(failure(root)).toEqual({ stage, errno: -error, path });
    },
    { name: ([what]) => what },
  );

  test('follows no link to /proc, /dev or itself', () => {
    prepare('elsewhere');
    symlinkSync('/', inside('self'));
    for (const name of ['proc', 'dev']) rmSync(inside(name), { recursive: true });
    for (const name of ['proc', 'dev']) symlinkSync('elsewhere', inside(name));
    expect(failure({ path: directory, proc: 'new' })).toMatchObject({ stage: 'root-proc', errno: -ENOTDIR });
    expect(failure({ path: directory, dev: true })).toMatchObject({ stage: 'root-dev', errno: -ENOTDIR });
    expect(failure({ path: directory, mounts: [tmpfs('/self')] })).toMatchObject({
      stage: 'root-target',
      errno: -EBUSY,
    });
    expect(statSync(inside('elsewhere')).nlink).toBe(2);
  });
});

describeIf(['root', 'userns'], 'the root of a child in a user namespace', () => {
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
    expect(printed(root, script, user)).toEqual(['1000', 'null', 'shm', '/usr/share/*', '1']);
  });
});
