import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { native } from 'memcage/native';
import { launcherPath } from '../../../../lib/process/launcher/executable';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';

const { CLONE_NEWNS, CLONE_NEWPID } = native.constants;

const NAMESPACES = [`--unshare=${CLONE_NEWNS | CLONE_NEWPID}`, '--private-mounts'];
const ROOT = [...NAMESPACES, '--root-own', '--root-proc=new'];

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
      [NAMESPACES, '3 4 5 6 7 8'],
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
