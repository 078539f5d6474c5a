import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { type CloneOptions, native, type RootPlan } from 'memcage/native';
import { launcherPath } from '../../../lib/process/launcher/executable';
import { cloneTwice, RAN, twice } from '../../support/native/clone-fixture';
import { shell, temporaryDirectory } from '../../support/native/native-child';
import { describeIf } from '../../support/require';
import { bind, EMPTY, inRoot, printedIn, SYSTEM } from '../../support/roots/root-plan';
import { testRows } from '../../support/rows';

const { ENOSYS } = constants.errno;
const { CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER } = native.constants;

const READ_ONLY = ['/proc/sys', '/proc/sysrq-trigger', '/proc/irq', '/proc/bus', '/proc/fs'].filter(existsSync);
const HIDDEN = ['acpi', 'kcore', 'keys', 'timer_list', 'latency_stats', 'sched_debug', 'scsi']
  .map((name) => `/proc/${name}`)
  .filter(existsSync);
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'].map((name) => `/dev/${name}`);

/** That opens for writing, and writes nothing: a failure of this test must not change the machine. */
const OPEN_TO_WRITE = '(: >> /proc/sys/kernel/domainname) 2>&1';

describeIf(['root', 'seccomp', 'userns', 'root-read-only'], 'what a root shows of the machine', () => {
  testRows<Partial<CloneOptions> & { proc: RootPlan['proc'] }>(
    'is read-only in /proc',
    [
      { proc: 'new', namespaces: CLONE_NEWNS | CLONE_NEWPID },
      { proc: 'bind', namespaces: CLONE_NEWNS },
      {
        ...{ proc: 'new', namespaces: CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUSER },
        idMaps: { uidMap: '0 0 1', gidMap: '0 0 1' },
      },
    ],
    ({ proc, ...more }) => {
      const options = findmnt(proc, more);
      for (const path of READ_ONLY) expect(options.get(path)).toMatch(/^ro,/);
      expect(printedIn({ ...EMPTY, proc }, OPEN_TO_WRITE, { ...more, capabilities: [] })).toEqual([
        expect.stringContaining('Read-only file system') as string,
      ]);
      expect(printedIn({ ...EMPTY, proc }, 'echo 500 > /proc/self/oom_score_adj && echo own', more)).toEqual(['own']);
    },
    { name: ({ proc, namespaces = 0 }) => `${proc}, namespaces ${namespaces}` },
  );

  test('is hidden in /proc where it tells of others', () => {
    const script = `for f in ${HIDDEN.join(' ')}; do test -d $f && ls -A $f || cat $f; done; echo end`;
    expect(readFileSync('/proc/timer_list', 'utf8')).not.toBe('');
    expect(HIDDEN).toContain('/proc/timer_list');
    for (const proc of ['new', 'bind'] as const) expect(printedIn({ ...EMPTY, proc }, script)).toEqual(['end']);
  });

  test('is a device that can be used, and not changed', () => {
    const directory = temporaryDirectory();
    try {
      const file = join(directory, 'file');
      writeFileSync(file, 'secret');
      const mounts = [...SYSTEM, bind(file, '/file', { create: true })];
      // To what it is already: a failure of this test must not change the machine.
      const change = `for f in ${DEVICES.join(' ')} /file; do chmod $(stat -c %a $f) $f; done`;
      const denied = expect.stringContaining('Read-only file system') as string;
      expect(printedIn({ ...EMPTY, mounts, hide: ['/file'] }, `${change}; echo x > /file && echo written`)).toEqual([
        ...[...DEVICES, file].map(() => denied),
        'written',
      ]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('is not changed by the standard streams either', () => {
    const script =
      'chmod $(stat -L -c %a /proc/self/fd/0) /proc/self/fd/0; stat -L -c %t:%T /proc/self/fd/0; cat; echo x 2>/dev/null >&0 || echo unwritable';
    const denied = expect.stringContaining('Read-only file system') as string;
    for (const root of [EMPTY, { proc: 'new' }] as const) {
      expect(printedIn(root, script)).toEqual([denied, '1:3', 'unwritable']);
    }
  });

  test('is guarded without mount_setattr, too, but for the devices', async () => {
    const directory = temporaryDirectory();
    try {
      const output = join(directory, 'output');
      const options = { ...inRoot({ proc: 'new' }), ...shell(`exec > ${output}; ${OPEN_TO_WRITE}; cat /proc/keys`) };
      const rules = [{ syscall: 'mount_setattr', errno: ENOSYS }];
      expect(await cloneTwice({ rules, options })).toEqual(twice(RAN));
      expect(readFileSync(output, 'utf8')).toMatch(/^.*Read-only file system\n$/);
      expect(await cloneTwice({ rules, options: inRoot({ empty: true, dev: true, proc: 'new' }) })).toMatchObject(
        twice({ stage: 'exec' }),
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('lets a root within it have a new /proc, but not in another user namespace', () => {
    const mounts = [...SYSTEM, bind(dirname(launcherPath()), '/launcher', { create: true, readOnly: true })];
    const launch = (proc: 'new' | 'bind', namespaces: number, ...ids: string[]): string =>
      [
        `/launcher/memcage-exec 1 --unshare=${namespaces | CLONE_NEWNS} ${ids.join(' ')} --private-mounts --root-own`,
        `--root-proc=${proc} -- sh -c "echo ${proc}"`,
      ].join(' ');
    const ids = ['--uid-map="0 0 1"', '--gid-map="0 0 1"'];
    const script = [
      launch('new', CLONE_NEWPID),
      launch('new', CLONE_NEWPID | CLONE_NEWUSER, ...ids),
      launch('bind', CLONE_NEWUSER, ...ids),
    ].join('; ');
    expect(printedIn({ ...EMPTY, mounts }, script)).toEqual([
      'new',
      'memcage-exec: /proc: Operation not permitted (root-proc, fsmount)',
      'bind',
    ]);
  });
});

/** The options of all mounts of a child. */
function findmnt(proc: RootPlan['proc'], more: Partial<CloneOptions>): Map<string, string> {
  const lines = printedIn({ ...EMPTY, proc }, 'cut -d" " -f5,6 /proc/self/mountinfo', more);
  return new Map(lines.map((line) => line.split(' ') as [string, string]));
}
