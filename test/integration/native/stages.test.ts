import { existsSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { native, type Stage } from 'memcage/native';
import { cloneTwice, failedAt, RAN, type Scenario, twice } from '../../support/native/clone-fixture';
import { makeFifo, shell, temporaryDirectory } from '../../support/native/native-child';
import { WAYS } from '../../support/native/starter';
import { describeIf } from '../../support/require';
import { bind, inRoot, tmpfs } from '../../support/roots/root-plan';
import { testRows } from '../../support/rows';

const { EBADF, EBUSY, EINVAL, ENOENT, ENOSYS, ENOTDIR, EPERM, ETIMEDOUT } = constants.errno;
const { CLONE_NEWCGROUP, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWUTS } = native.constants;

const UNUSED_FD = 999;
const NO_ID = 0xffffffff;
const SIGHUP = 1;
const MS_PRIVATE = 1 << 18;
const PROC_FLAGS = 14; // MS_NOSUID | MS_NODEV | MS_NOEXEC
const SIOCSIFFLAGS = 0x8914;
const PR_SET_PDEATHSIG = 1;
const PR_CAPBSET_DROP = 24;
const KEYCTL_JOIN_SESSION_KEYRING = 1;
const PR_SET_NO_NEW_PRIVS = 38;
const LONG_NAME = 'h'.repeat(65);

interface Injection extends Scenario {
  errno: number;
  /** The call that fails. Default: that of the first rule; null: none. */
  syscall?: string | null;
  path?: string;
  /** True if only a child of the starter takes this step. */
  needsStarter?: boolean;
}

/** Steps that the addon's child does not take. */
type LauncherStage = 'unshare' | 'init';

// Use a natural cause if there is one.
const injections: Record<Exclude<Stage, LauncherStage>, Injection> = {
  clone: { options: { intoCgroupFd: UNUSED_FD }, errno: EBADF, syscall: 'clone3' },
  signals: {
    rules: [{ syscall: 'rt_sigaction', errno: EPERM, argument: 0, value: SIGHUP }],
    options: {},
    errno: EPERM,
  },
  session: { rules: [{ syscall: 'setsid', errno: EPERM }], options: { detached: true }, errno: EPERM },
  cgroup: { options: { joinFds: [UNUSED_FD] }, errno: EBADF, syscall: 'write', path: `fd ${UNUSED_FD}` },
  'cgroup-namespace': {
    rules: [{ syscall: 'unshare', errno: EPERM }],
    options: { namespaces: CLONE_NEWCGROUP },
    errno: EPERM,
  },
  'id-maps': {
    options: { namespaces: CLONE_NEWUSER, idMaps: { uidMap: '0 0 1', gidMap: 'nonsense' } },
    errno: EINVAL,
    syscall: 'write',
    path: '/proc/self/gid_map',
  },
  stdio: { options: { stdio: [UNUSED_FD, -1, -1] }, errno: EBADF, syscall: 'dup3', path: `fd ${UNUSED_FD}` },
  'close-fds': { rules: [{ syscall: 'close_range', errno: EPERM }], options: {}, errno: EPERM, path: '/proc/self/fd' },
  hostname: {
    options: { namespaces: CLONE_NEWUTS, hostname: LONG_NAME },
    errno: EINVAL,
    syscall: 'sethostname',
    path: LONG_NAME,
  },
  mounts: {
    rules: [{ syscall: 'mount', errno: EPERM, argument: 3, mask: MS_PRIVATE, value: MS_PRIVATE }],
    options: { namespaces: CLONE_NEWNS, privateMounts: true },
    errno: EPERM,
    path: '/',
  },
  root: { options: inRoot({ path: '/etc/passwd' }), errno: ENOTDIR, syscall: 'openat2', path: '/etc/passwd' },
  'root-pivot': { rules: [{ syscall: 'pivot_root', errno: EINVAL }], options: inRoot({}), errno: EINVAL, path: '/' },
  'root-source': {
    options: inRoot({ mounts: [bind('/nowhere', '/mnt')] }),
    errno: ENOENT,
    syscall: 'openat2',
    path: '/nowhere',
  },
  'root-target': {
    options: inRoot({ mounts: [bind('/etc', '/nowhere')] }),
    errno: ENOENT,
    syscall: 'openat2',
    path: '/nowhere',
  },
  'root-mount': {
    options: inRoot({ mounts: [tmpfs('/mnt', { size: 'many' })] }),
    errno: EINVAL,
    syscall: 'fsconfig',
    path: '/mnt',
  },
  'root-proc': { options: inRoot({ path: '/etc', proc: 'bind' }), errno: ENOENT, syscall: 'openat2', path: '/proc' },
  'root-dev': { options: inRoot({ path: '/etc', dev: true }), errno: ENOENT, syscall: 'openat2', path: '/dev' },
  'root-hide': { options: inRoot({ hide: ['/'] }), errno: EBUSY, syscall: null, path: '/' },
  'root-read-only': {
    rules: [{ syscall: 'mount_setattr', errno: ENOSYS }],
    options: inRoot({ readOnly: true }),
    errno: ENOSYS,
    path: '/',
  },
  proc: {
    rules: [{ syscall: 'mount', errno: EPERM, argument: 3, value: PROC_FLAGS }],
    options: { namespaces: CLONE_NEWNS | CLONE_NEWPID, privateMounts: true, mountProc: true },
    errno: EPERM,
    path: '/proc',
  },
  loopback: {
    rules: [{ syscall: 'ioctl', errno: EPERM, argument: 1, value: SIOCSIFFLAGS }],
    options: { namespaces: CLONE_NEWNET, loopback: true },
    errno: EPERM,
    path: 'lo',
  },
  cwd: { options: { cwd: '/nowhere' }, errno: ENOENT, syscall: 'chdir', path: '/nowhere' },
  'oom-score-adj': {
    options: { oomScoreAdj: 1001 },
    errno: EINVAL,
    syscall: 'write',
    path: '/proc/self/oom_score_adj',
  },
  rlimits: {
    options: { rlimits: [{ name: 'nofile', soft: 2, hard: 1 }] },
    errno: EINVAL,
    syscall: 'prlimit64',
    path: 'nofile',
  },
  nice: {
    rules: [{ syscall: 'setpriority', errno: EPERM }],
    options: { nice: 1 },
    errno: EPERM,
  },
  'session-keyring': {
    rules: [{ syscall: 'keyctl', errno: EPERM, argument: 0, value: KEYCTL_JOIN_SESSION_KEYRING }],
    options: { noNewPrivs: true },
    errno: EPERM,
  },
  'bounding-set': {
    rules: [{ syscall: 'prctl', errno: EPERM, argument: 0, value: PR_CAPBSET_DROP }],
    options: { capabilities: [] },
    errno: EPERM,
    path: 'PR_CAPBSET_DROP',
  },
  groups: { options: { groups: [NO_ID] }, errno: EINVAL, syscall: 'setgroups' },
  gid: { options: { gid: NO_ID }, errno: EINVAL, syscall: 'setgid', needsStarter: true },
  uid: { options: { uid: NO_ID }, errno: EINVAL, syscall: 'setuid', needsStarter: true },
  capabilities: { options: { capabilities: [63] }, errno: EINVAL, syscall: 'prctl', path: 'PR_CAP_AMBIENT_RAISE' },
  'parent-death': {
    rules: [{ syscall: 'prctl', errno: EINVAL, argument: 0, value: PR_SET_PDEATHSIG }],
    options: { killWithParent: true },
    errno: EINVAL,
  },
  'no-new-privs': {
    rules: [{ syscall: 'prctl', errno: EINVAL, argument: 0, value: PR_SET_NO_NEW_PRIVS }],
    options: { noNewPrivs: true },
    errno: EINVAL,
  },
  seccomp: {
    options: { noNewPrivs: true, seccomp: new Uint8Array(8) },
    errno: EINVAL,
    syscall: 'seccomp',
    needsStarter: true,
  },
  exec: { options: { file: '/nowhere' }, errno: ENOENT, syscall: 'execve', path: '/nowhere' },
  watchdog: { fullPipe: 'pipe', options: { watchdogMs: 50 }, errno: ETIMEDOUT, syscall: null, path: '/bin/sh' },
};

const cases = Object.entries(injections).flatMap(([stage, { needsStarter, ...injection }]) =>
  WAYS.filter(({ way }) => needsStarter !== true || way.starter !== undefined).map((each) => ({
    stage: stage as Stage,
    ...each,
    injection,
  })),
);

describeIf(['root', 'seccomp', 'userns'], 'a start that fails', () => {
  let directory: string;

  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test('has an injection for each stage', () => {
    const own = native.stages.filter((stage) => stage !== 'unshare' && stage !== 'init');
    expect(Object.keys(injections)).toEqual(own);
  });

  testRows(
    'is told by its stage, and leaves nothing',
    cases,
    async ({ stage, way, injection }) => {
      const { errno, path, options, fullPipe, syscall = injection.rules?.[0]?.syscall, ...scenario } = injection;
      const marker = join(directory, 'marker');
      const pipe = join(directory, 'pipe');
      if (fullPipe !== undefined) makeFifo(pipe);
      const report = await cloneTwice({
        ...scenario,
        ...(fullPipe === undefined ? {} : { fullPipe: pipe }),
        options: { ...shell('echo ran > "$1"', marker), ...way, ...options },
      });
      expect(report).toEqual(twice(failedAt(stage, errno, path, syscall)));
      expect(existsSync(marker)).toBe(false);
    },
    { name: ({ stage, how }) => `${stage}, ${how}` },
  );

  test('which none of them does when nothing fails', async () => {
    const marker = join(directory, 'marker');
    const report = await cloneTwice({ options: shell('echo ran > "$1"', marker) });
    expect(report).toEqual(twice(RAN));
    expect(existsSync(marker)).toBe(true);
  });
});
