import { closeSync, mkdirSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { native, type RootPlan } from 'memcage/native';
import { cloneOptions, makeFifo, outputOf, shell, temporaryDirectory } from '../../support/native/native-child';
import { describeIf } from '../../support/require';
import { bind, inRoot, SYSTEM } from '../../support/roots/root-plan';
import { testRows } from '../../support/rows';

const { ELOOP, ENOENT } = constants.errno;
const { CLONE_NEWNS } = native.constants;

describeIf(['root', 'root-read-only'], 'a root whose links lead to fds and processes', () => {
  let directory: string;
  let root: Partial<RootPlan> & { path: string };
  let fd: number;
  const inside = (...names: string[]): string => join(root.path, ...names);

  beforeEach(() => {
    directory = temporaryDirectory();
    root = { path: join(directory, 'root'), proc: 'new', dev: true, mounts: SYSTEM };
    for (const name of ['proc', 'dev', ...SYSTEM.map(({ to }) => to)]) mkdirSync(inside(name), { recursive: true });
    fd = openSync(directory, 'r');
  });
  afterEach(() => {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  });

  testRows(
    'begins in none of them',
    [
      // What its parent has open is closed by then.
      { target: () => `/proc/self/fd/${fd}`, errno: ENOENT },
      { target: () => '/proc/self/fd/0', errno: ELOOP },
      { target: () => '/proc/self/root', errno: ELOOP },
      { target: () => `/proc/${process.pid}/cwd`, errno: ELOOP },
    ],
    ({ target, errno }) => {
      symlinkSync(target(), inside('job'));
      const options = {
        ...inRoot({ ...root, proc: 'bind', cwd: '/job' }),
        namespaces: CLONE_NEWNS,
        stdio: [fd, -1, -1],
      };
      expect(native.clone(cloneOptions(options))).toEqual({
        stage: 'cwd',
        errno: -errno,
        path: '/job',
        syscall: 'openat2',
      });
    },
    { name: ({ target }) => target() },
  );

  test('has the /dev/null of outside as its streams', () => {
    mkdirSync(inside('dev'), { recursive: true });
    const lost = join(directory, 'lost');
    writeFileSync(lost, 'secret');
    const open = openSync(lost, 'r+');
    try {
      symlinkSync(`/proc/self/fd/${open}`, inside('dev', 'null'));
      const script = 'cat <&0; echo lost >&2; echo told';
      const linked = { ...inRoot({ ...root, dev: false }), ...shell(script), stdio: [-1, -1, -1] };
      expect(outputOf(linked)).toBe('told\n');
      rmSync(inside('dev', 'null'));
      makeFifo(inside('dev', 'null'));
      expect(outputOf(linked)).toBe('told\n');
    } finally {
      closeSync(open);
    }
  });

  test('binds none of them on the way to a target', () => {
    symlinkSync('/proc/self/fd/0', inside('way'));
    const mounts = [...SYSTEM, bind('/etc', '/way/root')];
    expect(native.clone(cloneOptions({ ...inRoot({ ...root, mounts }), stdio: [fd, -1, -1] }))).toEqual({
      stage: 'root-target',
      errno: -ELOOP,
      path: '/way/root',
      syscall: 'openat2',
    });
  });
});
