import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { native } from 'memcage/native';
import { launcherArguments } from '../../../../lib/process/launcher/arguments';
import { launcherPath } from '../../../../lib/process/launcher/executable';
import { NO_NAMESPACES } from '../../../../lib/process/namespaces/namespaces';
import { temporaryDirectory } from '../../../support/native/native-child';
import { describeIf } from '../../../support/require';
import { inRoot, SYSTEM, tmpfs } from '../../../support/roots/root-plan';
import { testRows } from '../../../support/rows';
import { until } from '../../../support/until';

const { CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER } = native.constants;

const NAMESPACES = `--unshare=${CLONE_NEWNS | CLONE_NEWPID}`;

function launched(...args: string[]) {
  const before = readFileSync('/proc/self/mountinfo', 'utf8');
  const { stdout, stderr, status } = spawnSync(launcherPath(), ['1', ...args], { encoding: 'utf8' });
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).toBe(before);
  return { stdout, stderr: stderr.trim(), status };
}

describeIf(['root', 'userns'], 'the launcher', () => {
  const { root } = inRoot({
    empty: true,
    emptyOptions: { size: '1048576', mode: '711' },
    readOnly: true,
    proc: 'new',
    dev: true,
    mounts: [...SYSTEM, tmpfs('/job', { size: '4096', mode: '700', create: true })],
    hide: ['/usr/share'],
    cwd: '/job',
  });

  testRows(
    'makes the root of a program, and of its init',
    [
      { init: true, more: 0 },
      { init: false, more: 0 },
      { init: true, more: CLONE_NEWUSER },
    ],
    ({ init, more }) => {
      const ids = more === 0 ? {} : { idMaps: { uidMap: '7 0 1', gidMap: '7 0 1' } };
      const namespaces = {
        ...NO_NAMESPACES,
        ...ids,
        namespaces: CLONE_NEWNS | CLONE_NEWPID | more,
        privateMounts: true,
      };
      const [, ...args] = launcherArguments({ join: [], namespaces, settings: {}, init, root });
      const script =
        'pwd; echo /* /usr/share/*; readlink /proc/1/root || echo hidden; stat -c %a / .; echo $PPID; (echo > /f) 2>/dev/null';
      const { stdout, stderr } = launched(...args, '/bin/sh', '-c', script);
      const names = ['/dev', '/proc', '/job', ...SYSTEM.map(({ to }) => to)].sort();
      expect(stderr).toBe('');
      expect(stdout.trim().split('\n')).toEqual([
        '/job',
        `${names.join(' ')} /usr/share/*`,
        // Of an init with more rights than the program, the kernel tells nothing.
        more === 0 ? '/' : 'hidden',
        '711',
        '700',
        init ? '1' : '0',
      ]);
    },
  );

  test('keeps no directory in use of the root that is gone', async () => {
    const args = ['1', NAMESPACES, '--private-mounts', '--root-own', '--root-proc=new', '--', 'cat'];
    const launcher = spawn(launcherPath(), args, { cwd: '/usr/share', stdio: ['pipe', 'pipe', 'inherit'] });
    const end = once(launcher, 'close');
    launcher.stdin.write('started');
    await once(launcher.stdout, 'data');
    // It goes there while the program begins.
    await until('it is in /', () => readlinkSync(`/proc/${launcher.pid}/cwd`) === '/');
    launcher.stdin.end();
    await end;
  });

  testRows(
    'refuses what makes no root',
    [
      [['--root-own'], '(a root without private mounts)'],
      [['--root-own', '--private-mounts'], '(a root without private mounts)'],
      [[NAMESPACES, '--root-own'], '(a root without private mounts)'],
      [[NAMESPACES, '--private-mounts', '--root-own', '--mount-proc'], '(a root with --mount-proc)'],
      [['--root-dev'], '(mounts without a root)'],
      [['--root-read-only'], '(mounts without a root)'],
      [['--cwd=/'], '(mounts without a root)'],
      [['--hide=/etc'], '(mounts without a root)'],
      [['--tmpfs=/etc'], '(mounts without a root)'],
      [['--root-proc=bind'], '(mounts without a root)'],
      [['--root-proc=keep'], '--root-proc=keep'],
      [['--root-proc=bind', '--root-proc=keep'], '--root-proc=keep'],
      [['--root-own', '--root-own'], '--root-own'],
      [['--root-own', '--root=/'], '--root=/'],
      [['--root=etc'], '--root=etc'],
      [['--root-own', '--bind=/etc'], '--bind=/etc'],
      [['--root-own', '--bind-from=/etc', '--tmpfs=/etc'], '--tmpfs=/etc'],
      [['--root-own', '--bind-from=/etc', '--tmpfs-mode=755', '--bind=/etc'], '--bind=/etc'],
      [['--root-own', '--bind-from=etc'], '--bind-from=etc'],
      [['--bind-from=/etc', '--root-empty'], '--root-empty'],
      [['--create', '--root-empty'], '--root-empty'],
      [['--root-own', '--tmpfs=etc'], '--tmpfs=etc'],
      [['--root-own', '--hide=etc'], '--hide=etc'],
      [['--root-own', '--hide=/etc/passwd/'], '--hide=/etc/passwd/'],
      [['--root-own', '--hide=/etc/passwd/.'], '--hide=/etc/passwd/.'],
      [
        [`--unshare=${CLONE_NEWNS}`, '--private-mounts', '--root-own', '--root-proc=new'],
        '(a new /proc of an old PID namespace)',
      ],
      [['--root-own', '--cwd=etc'], '--cwd=etc'],
      [['--root-own', '--create'], '(no target of a mount)'],
      [['--root-own', '--tmpfs-size=1'], '(no target of a mount)'],
      [['--root-own', '--bind-from=/etc'], '(no target of a mount)'],
    ] as const,
    ([args, wrong]) => {
      expect(launched(...args, '--', 'true')).toEqual({
        stdout: '',
        stderr: `memcage-exec: not an argument of version 1: ${wrong}`,
        status: 125,
      });
    },
    { name: ([args]) => args.join(' ') },
  );

  test('keeps no cgroup open that a link inside could lead out by', () => {
    const directory = temporaryDirectory();
    try {
      const names = ['proc', 'dev', ...SYSTEM.map(({ to }) => to)];
      for (const name of names) mkdirSync(join(directory, name), { recursive: true });
      // /proc is a directory of outside, and at the place of --pids.
      for (const fd of [3, 4, 5, 6]) symlinkSync(`/proc/self/fd/${fd}/self/exe`, join(directory, `program${fd}`));
      const mounts = SYSTEM.flatMap(({ to }) => [`--bind-from=${to}`, `--bind-read-only=${to}`]);
      const root = [`--root=${directory}`, '--root-proc=new', ...mounts];
      for (const fd of [3, 4, 5, 6]) {
        const { stderr } = launched(NAMESPACES, '--private-mounts', '--pids=/proc', ...root, '--', `/program${fd}`);
        expect(stderr).toMatch(/\(exec, execve\)$/);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  testRows(
    'says what could not be done',
    [
      [['--root=/nowhere'], '/nowhere: No such file or directory (root, openat2)', 125],
      [['--root=/etc/passwd'], '/etc/passwd: Not a directory (root, openat2)', 125],
      [
        ['--root-own', '--bind-from=/nowhere', '--bind=/mnt'],
        '/nowhere: No such file or directory (root-source, openat2)',
        125,
      ],
      [['--root-own', '--tmpfs=/nowhere'], '/nowhere: No such file or directory (root-target, openat2)', 125],
      [['--root-own', '--cwd=/nowhere'], '/nowhere: No such file or directory (cwd, openat2)', 125],
      [['--root-empty'], 'true: No such file or directory (exec, execve)', 127],
    ] as const,
    ([args, text, status]) => {
      expect(launched(NAMESPACES, '--private-mounts', ...args, '--', 'true')).toEqual({
        stdout: '',
        stderr: `memcage-exec: ${text}`,
        status,
      });
    },
    { name: ([args]) => args.join(' ') },
  );
});

const PRIVATE = [NAMESPACES, '--private-mounts'];
const ROOT = [...PRIVATE, '--root-own', '--root-proc=new'];

const O_PATH = 0o10000000;

describeIf('root', 'with a root, the launcher', () => {
  // From 3 on: a directory, a file, a file that is not opened to be read, the same again.
  let fds: number[];
  beforeEach(() => {
    const half = [openSync('/', 'r'), openSync('/dev/null', 'r'), openSync('/dev/null', O_PATH)];
    fds = [...half, ...half];
  });
  afterEach(() => {
    for (const fd of new Set(fds)) closeSync(fd);
  });

  testRows(
    'closes what leads to more than a file',
    [
      [ROOT, '4 7'],
      [[...ROOT, '--report=8'], '3 4 5 6 7'],
      [[...ROOT, '--report=5'], '3 4 7'],
      [[...ROOT, '--init'], '4 7'],
      [PRIVATE, '3 4 5 6 7 8'],
    ] as const,
    ([args, left]) => {
      const script = 'for fd in 3 4 5 6 7 8; do [ -e /proc/self/fd/$fd ] && printf "%s " $fd; done';
      const { stdout, stderr } = spawnSync(launcherPath(), ['1', ...args, '--', 'sh', '-c', script], {
        stdio: ['ignore', 'pipe', 'pipe', ...fds],
        encoding: 'utf8',
      });
      expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: left, stderr: '' });
    },
    { name: ([args]) => args.join(' ') },
  );
});
