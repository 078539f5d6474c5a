import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { native, type RootPlan } from 'memcage/native';
import { cloneOptions, temporaryDirectory } from '../../support/native/native-child';
import { describeIf } from '../../support/require';
import { ownDirectory } from '../../support/roots/own-directory';
import { bind, EMPTY, failureIn, inRoot, printedIn, SYSTEM, tmpfs } from '../../support/roots/root-plan';
import { testRows } from '../../support/rows';

const { EBUSY, EISDIR, ELOOP, ENOENT, ENOTDIR } = constants.errno;

describeIf(['root', 'root-read-only'], 'the mounts in the root of a child', () => {
  const { inside, prepare } = ownDirectory();

  test('a bind has all that is mounted below its source, and is the view of this process', () => {
    writeFileSync(inside('file'), 'of the file');
    symlinkSync('file', inside('link'));
    // The new root is not in a copy of the old one.
    const root = {
      ...EMPTY,
      mounts: [...SYSTEM, bind('/', '/host', { create: true }), bind(inside('link'), '/f', { create: true })],
    };
    expect(printedIn(root, `cat /f; echo; ls -d /host/host /host/proc/${process.pid}`)).toEqual([
      'of the file',
      expect.stringContaining('/host/host') as string,
      `/host/proc/${process.pid}`,
    ]);
  });

  test('can be seen in itself, and that can be hidden', () => {
    const mounts = [bind('/', '/mnt'), tmpfs('/mnt/tmp')];
    expect(printedIn({ mounts, hide: ['/mnt/usr'] }, 'ls -A /mnt/tmp /mnt/usr')).toEqual([
      '/mnt/tmp:',
      '',
      '/mnt/usr:',
    ]);
    expect(printedIn({ mounts: [bind('/', '/mnt')], hide: ['/mnt'] }, 'ls -A /mnt; echo hidden')).toEqual(['hidden']);
    prepare('self');
    const root: Partial<RootPlan> = { path: inside(), proc: 'new', dev: true };
    expect(
      printedIn({ ...root, mounts: [...SYSTEM, bind(inside(), '/self')], hide: ['/self'] }, 'ls -A /self; echo hidden'),
    ).toEqual(['hidden']);
  });

  test('a link in it leads to where it leads inside', () => {
    prepare('a/etc');
    symlinkSync('../../../../../a', inside('up'));
    symlinkSync('/a', inside('absolute'));
    writeFileSync(inside('file'), '');
    const mounts = [...SYSTEM, tmpfs('/up/etc'), bind(inside('file'), '/absolute/etc/file', { create: true })];
    expect(printedIn({ path: inside(), proc: 'new', dev: true, mounts }, 'echo /a/etc/*')).toEqual(['/a/etc/file']);
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
      expect(printedIn(made, 'stat -c "%a %F" /x /x/y /x/y/z /a/b; umask')).toEqual([
        '755 directory',
        '755 directory',
        '1777 directory',
        '755 directory',
        '0077',
      ]);
    } finally {
      process.umask(umask);
    }
    expect(failureIn({ mounts: [tmpfs(inside('new', 'one'), { create: true })] })).toMatchObject({
      stage: 'root-target',
      errno: -ENOENT,
    });
    // A tmpfs of the plan, which something else covers.
    const covered = [tmpfs(inside()), bind('/tmp', inside()), bind('/etc', inside('new'), { create: true })];
    expect(failureIn({ mounts: covered })).toMatchObject({ stage: 'root-target', errno: -ENOENT });
    expect(existsSync(inside('new'))).toBe(false);
    expect(existsSync('/tmp/new')).toBe(false);
    expect(
      printedIn({ ...EMPTY, mounts: [...SYSTEM, bind(file, '/dev/own', { create: true })] }, 'cat /dev/own'),
    ).toEqual([]);
  });

  test('a tmpfs has its size and mode', () => {
    const root = { mounts: [tmpfs(inside(), { size: '8192', mode: '710' })] };
    const script = 'stat -c %a .; head -c 1M /dev/zero > f 2>/dev/null || stat -c %s f';
    expect(printedIn({ ...root, cwd: inside() }, script)).toEqual(['710', '8192']);
    const empty = { ...EMPTY, emptyOptions: { size: '4096', mode: '701' } };
    expect(printedIn(empty, 'stat -c %a /; head -c 1M /dev/zero > /f 2>/dev/null || stat -c %s /f')).toEqual([
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
    expect(printedIn({ hide, cwd: inside() }, script)).toEqual([
      'directory/*',
      expect.stringContaining('Read-only file system') as string,
      'none',
    ]);
    expect(readFileSync(inside('file'), 'utf8')).toBe('secret');
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
      expect(failureIn(root)).toMatchObject({ stage, errno: -error, path });
    },
    { name: ([what]) => what },
  );

  test('follows no link to /proc, /dev or itself', () => {
    prepare('elsewhere');
    symlinkSync('/', inside('self'));
    for (const name of ['proc', 'dev']) rmSync(inside(name), { recursive: true });
    for (const name of ['proc', 'dev']) symlinkSync('elsewhere', inside(name));
    expect(failureIn({ path: inside(), proc: 'new' })).toMatchObject({ stage: 'root-proc', errno: -ENOTDIR });
    expect(failureIn({ path: inside(), dev: true })).toMatchObject({ stage: 'root-dev', errno: -ENOTDIR });
    expect(failureIn({ path: inside(), mounts: [tmpfs('/self')] })).toMatchObject({
      stage: 'root-target',
      errno: -EBUSY,
    });
    expect(statSync(inside('elsewhere')).nlink).toBe(2);
  });
});

const RAN = { ran: true };
const covered = (stage: string, path: string): object => ({ stage, errno: -EBUSY, path });

describeIf(['root', 'mount-ids', 'root-read-only'], 'what a root has mounted', () => {
  let directory: string;
  beforeEach(() => {
    directory = temporaryDirectory();
    for (const name of ['proc', 'dev', 'job/below', 'above/job', ...SYSTEM.map(({ to }) => to)]) {
      mkdirSync(join(directory, name), { recursive: true });
    }
    for (const name of ['job', 'proc', 'dev']) symlinkSync(`/${name}`, join(directory, `to-${name}`));
    symlinkSync('../../job', join(directory, 'above/job/link'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const start = (root: Partial<RootPlan>): object => {
    const plan = {
      path: directory,
      proc: 'new',
      dev: true,
      ...root,
      mounts: [...SYSTEM, ...(root.mounts ?? [])],
    } as const;
    const result = native.clone(cloneOptions(inRoot(plan)));
    if ('stage' in result) return result;
    native.reap({ pidfd: result.pidfd });
    native.closeFd({ fd: result.pidfd });
    return RAN;
  };

  testRows<[Partial<RootPlan>, object]>(
    'is covered by nothing that a link leads there',
    [
      [{ mounts: [tmpfs('/job'), tmpfs('/to-job')] }, covered('root-target', '/job')],
      [{ mounts: [tmpfs('/to-job'), tmpfs('/job')] }, covered('root-target', '/to-job')],
      [{ mounts: [tmpfs('/job/below'), bind('/etc', '/above/job/link')] }, covered('root-target', '/job/below')],
      [{ mounts: [tmpfs('/to-proc')] }, covered('root-proc', '/proc')],
      [{ mounts: [bind('/etc', '/to-dev')] }, covered('root-dev', '/dev')],
      [{ hide: ['/to-proc'] }, covered('root-proc', '/proc')],
      [{ hide: ['/to-dev'] }, covered('root-dev', '/dev')],
      [{ mounts: [tmpfs('/job')], hide: ['/to-job'] }, covered('root-target', '/job')],
      [{ mounts: [tmpfs('/job/below')], hide: ['/to-job'] }, covered('root-target', '/job/below')],
    ],
    ([root, failure]) => expect(start(root)).toEqual(failure),
    { name: ([root]) => text(root) },
  );

  testRows<Partial<RootPlan>>(
    'is covered where that is asked for',
    [
      { mounts: [tmpfs('/to-job')] },
      { mounts: [tmpfs('/to-job'), tmpfs('/job/below/more', { create: true })] },
      { mounts: [tmpfs('/job')], hide: ['/job'] },
      { mounts: [tmpfs('/job'), tmpfs('/job/more', { create: true })], hide: ['/job'] },
      { mounts: [tmpfs('/to-job')], hide: ['/to-job', '/job'] },
      { mounts: [tmpfs('/dev/shm'), bind('/etc', '/dev/pts'), bind('/dev/full', '/dev/null')] },
      { mounts: [tmpfs('/job'), bind('/etc', '/job/etc', { create: true }), bind('/etc', '/above')] },
    ],
    (root) => expect(start(root)).toEqual(RAN),
    { name: text },
  );
});

function text({ mounts = [], hide = [] }: Partial<RootPlan>): string {
  return [...mounts.map(({ to }) => to), ...hide.map((path) => `hide ${path}`)].join(', ');
}
