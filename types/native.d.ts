/**
 * The whole contract between memcage's TypeScript and its C++ addon, exported as `memcage/native`.
 *
 * Mechanism only: each function makes one or a few system calls on what you give it. It has no defaults, parses
 * nothing and retries nothing but EINTR. When the kernel refuses a system call, the function throws a {@link
 * NativeError}. The exception is {@link NativeBinding.clone}, which returns its failures as data.
 */

/**
 * Thrown when the kernel refuses a system call.
 *
 * @experimental
 */
export interface NativeError extends Error {
  /** Symbolic errno name, for example `EACCES`, or `ERR_MEMCAGE_UNSAFE_THREAD` where the addon itself refuses. */
  code: string;
  /** Negative errno, as in Node's own system errors. */
  errno: number;
  /** The system call that failed, for example `openat2`. */
  syscall: string;
  /** The path that the call was given, if it takes one. */
  path?: string;
}

/**
 * A step of the child between clone and exec, in order. `clone` is the system call itself; only the launcher has the
 * steps `unshare` and `init`. Of a root directory, `root` makes what becomes it, `root-pivot` is the way in, `root-source`
 * and `root-target` are `from` and `to` of a bind. `watchdog` ends a child that is stuck.
 */
export type Stage =
  | 'clone'
  | 'signals'
  | 'session'
  | 'cgroup'
  | 'cgroup-namespace'
  | 'unshare'
  | 'id-maps'
  | 'stdio'
  | 'close-fds'
  | 'hostname'
  | 'mounts'
  | 'root'
  | 'root-pivot'
  | 'root-source'
  | 'root-target'
  | 'root-mount'
  | 'root-proc'
  | 'root-dev'
  | 'root-hide'
  | 'root-read-only'
  | 'proc'
  | 'loopback'
  | 'cwd'
  | 'oom-score-adj'
  | 'rlimits'
  | 'nice'
  | 'session-keyring'
  | 'bounding-set'
  | 'groups'
  | 'gid'
  | 'uid'
  | 'capabilities'
  | 'parent-death'
  | 'no-new-privs'
  | 'seccomp'
  | 'init'
  | 'exec'
  | 'watchdog';

/**
 * What the child does between clone and exec.
 *
 * @experimental
 */
export interface CloneOptions {
  /**
   * The program. Without a slash it is looked up in the `PATH` of `env`, as execvp(3) does. /bin/sh runs it on
   * ENOEXEC.
   */
  file: string;
  /** argv, including `argv[0]`. */
  args: readonly string[];
  /** The environment as `KEY=value`. */
  env: readonly string[];
  /** Working directory of the child. Default: the parent's. */
  cwd?: string;
  /**
   * `stdio[n]` is the parent's fd that becomes fd n of the child. -1 means /dev/null for fds 0 to 2, and closed for
   * others.
   */
  stdio: readonly number[];
  /** Call setsid(2) in the child. */
  detached: boolean;
  /** Kill the child (SIGKILL) when the environment or the thread that started it ends (PR_SET_PDEATHSIG). */
  killWithParent: boolean;
  /**
   * The program begins with all signals blocked, so that none is lost before it asks for them: pid 1 of a PID namespace
   * drops those that it neither blocks nor handles (pid_namespaces(7)). Default: false, none is blocked.
   */
  holdSignals?: boolean;
  /** Bits of CLONE_NEW*; see {@link NativeBinding.constants}. */
  namespaces: number;
  /** sethostname(2) in the child. Needs CLONE_NEWUTS. */
  hostname?: string;
  /** Id maps that the child writes to its own uid_map and gid_map, after "deny" to setgroups. Needs CLONE_NEWUSER. */
  idMaps?: {
    /** Lines of `INSIDE OUTSIDE COUNT`, see user_namespaces(7). */
    uidMap: string;
    /** Lines in the same format, for groups. */
    gidMap: string;
  };
  /**
   * Use these programs, such as newuidmap(1) and newgidmap(1), instead of `idMaps`: they write the child's maps while
   * it waits. A thread runs each as `file PID args...`, in this order, with only `LC_ALL=C` in the environment, and
   * ends after the last one. Needs CLONE_NEWUSER and /proc. A failure at the stage 'id-maps' with a program as `path`
   * means that the program ended with a code other than 0 (EPERM), or by a signal (EINTR).
   */
  idMapPrograms?: readonly IdMapProgram[];
  /** Remount / recursively with private propagation. Needs CLONE_NEWNS. */
  privateMounts: boolean;
  /** Mount a new procfs over /proc. Needs CLONE_NEWNS and CLONE_NEWPID. */
  mountProc: boolean;
  /**
   * A root directory of the child's own. Needs CLONE_NEWNS and `privateMounts`, and neither `mountProc` nor `cwd`: the plan
   * has both. The child looks up its program inside.
   */
  root?: RootPlan;
  /**
   * `file` is a path outside `root`: the child opens it before it enters that, and runs what it has opened (execveat(2)).
   * Only for binaries that need no interpreter, such as an init. Default: false.
   */
  fileOutside?: boolean;
  /**
   * Run `file` from a sealed copy in memory, which is made once (Linux 6.3): no child can change it for others. Where there is none,
   * `file` is run. Default: false.
   */
  sealed?: boolean;
  /** Bring the loopback interface up. Needs CLONE_NEWNET. */
  loopback: boolean;
  /** setuid(2) in the child, with an id of its user namespace. */
  uid?: number;
  /** setgid(2) in the child, with an id of its user namespace. */
  gid?: number;
  /** Supplementary groups. Left out, they are dropped when `uid` or `gid` is set, as libuv does. */
  groups?: readonly number[];
  /**
   * setrlimit(2) in the child, before it changes its ids and after it has opened its last file. A failure at the stage
   * 'rlimits' has the name of the limit as its `path`.
   */
  rlimits?: readonly Rlimit[];
  /** Written to /proc/self/oom_score_adj in the child, before it changes its ids. */
  oomScoreAdj?: number;
  /** setpriority(2) in the child, after `rlimits` and before it changes its ids. */
  nice?: number;
  /** PR_SET_NO_NEW_PRIVS in the child (Linux 3.5). */
  noNewPrivs?: boolean;
  /**
   * Numbers of the capabilities to keep: all five sets of the child become these, also across a change of ids (Linux
   * 4.3). A failure at the stages 'bounding-set' and 'capabilities' has the step as its `path`: `PR_CAPBSET_DROP`,
   * `PR_SET_KEEPCAPS`, `capset` or `PR_CAP_AMBIENT_RAISE`.
   */
  capabilities?: readonly number[];
  /**
   * A seccomp filter, as an array of struct sock_filter: 1 to 4096 instructions of 8 bytes. The child installs it last,
   * and needs `noNewPrivs` or CAP_SYS_ADMIN for that. Needs `starter`: a filter that kills the child dumps its memory.
   */
  seccomp?: Uint8Array;
  /** Install the filter before the child changes its ids and capabilities. Default: false. */
  seccompEarly?: boolean;
  /** Directory fd of a cgroup v2 for CLONE_INTO_CGROUP (Linux 5.7). */
  intoCgroupFd?: number;
  /**
   * Open, writable `tasks` (v1) or `cgroup.procs` (v2) files. The child writes "0" to each before it does anything
   * else.
   */
  joinFds: readonly number[];
  /**
   * Path of memcage-exec: the child is cloned by a small process that this thread keeps, and yet is this process's own.
   * Default: it shares this process's memory until exec (CLONE_VM with CLONE_VFORK). That is dangerous where others can
   * cause an OOM in its cgroup: a kill of the child at the end of exec takes this process too.
   */
  starter?: string;
  /**
   * With `starter`: the child does not have the starter's memory until exec, but a copy of it, which takes 0.1 ms more. For where
   * others can cause an OOM kill: the kernel would count it in the cgroup of whose memory it is. Default: false.
   */
  copied?: boolean;
  /** Kill a child that has not reached exec after this many milliseconds. */
  watchdogMs: number;
  /**
   * An open, writable v1 `freezer.state`. The watchdog writes THAWED to it, because a frozen v1 task can't be killed.
   */
  thawFd?: number;
  /**
   * The directory of a cgroup of the pids controller that the child has joined by `joinFds`. If that has more members
   * than `pids.max` then, or a cgroup above it has, the child fails with EAGAIN at the stage `cgroup`.
   */
  pidsFd?: number;
}

/**
 * The root directory of a child, made of mounts that no other process sees (pivot_root(2)). Needs Linux 5.6 (openat2, and
 * the calls of the newer mount API), and 5.12 (mount_setattr) for what is read-only. Targets and `cwd` are looked up inside:
 * no symbolic link leads out, and the links of /proc are not followed. The program is looked up inside too, after all fds but
 * those of `stdio` are closed: a link of /proc leads to what those are, or with `'bind'` to processes outside.
 *
 * @experimental
 */
export interface RootPlan {
  /** The directory that becomes `/`, as this process sees it. null: `/` of this process, with all that is mounted below. */
  path: string | null;
  /** With `path: null`: an empty tmpfs becomes `/`. */
  empty: boolean;
  /** Options of the tmpfs of `empty`. Default: mode 755. */
  emptyOptions?: TmpfsOptions;
  /**
   * Everything of the root is read-only, except what the rest of the plan mounts. With `empty`, that is the tmpfs, once all
   * is made in it. With `proc: 'keep'` also /proc.
   */
  readOnly: boolean;
  /** In this order. */
  mounts: readonly RootMount[];
  /**
   * Covered last: a directory by an empty one, another file by /dev/null. What does not exist is left out. No path ends in a
   * slash, `.` or `..`.
   */
  hide: readonly string[];
  /**
   * What is mounted on `/proc`: a new procfs, which needs CLONE_NEWPID; that of this process, with all that is mounted
   * below; or nothing. In the first two `sys`, `sysrq-trigger`, `irq`, `bus` and `fs` are read-only, and `acpi`, `kcore`,
   * `keys`, `timer_list`, `latency_stats`, `sched_debug` and `scsi` are hidden. So no user namespace within can mount a new
   * procfs (EPERM).
   */
  proc: 'new' | 'bind' | 'keep';
  /**
   * Mount a tmpfs on `/dev` with null, zero, full, random, urandom, tty, a devpts of its own, shm, and the links to fds. The
   * devices are on read-only mounts, through which they can be written to, but not changed (Linux 5.12).
   */
  dev: boolean;
  /** The working directory, inside. */
  cwd: string;
}

/**
 * A mount below the root of a child.
 *
 * @experimental
 */
export type RootMount =
  | {
      /** A directory with all that is mounted below it, or another file. */
      kind: 'bind';
      /** As this process sees it: an absolute path. */
      from: string;
      /** Inside: an absolute path. */
      to: string;
      /** With all that is mounted below it. */
      readOnly: boolean;
      /** Make what is missing of `to`. Only for what lies on a tmpfs of the plan: elsewhere it would stay. */
      create: boolean;
    }
  | ({
      /** A new one, nosuid and nodev. */
      kind: 'tmpfs';
      /** Inside: an absolute path. */
      to: string;
      /** As for a bind. */
      create: boolean;
    } & TmpfsOptions);

/**
 * Options of a tmpfs, see tmpfs(5).
 *
 * @experimental
 */
export interface TmpfsOptions {
  /** Bytes, as a decimal number. Default: the kernel's, half of the machine's memory. */
  size?: string;
  /** Permissions of its root directory, as an octal number. */
  mode: string;
}

/**
 * A limit of a resource. `Infinity` is RLIM_INFINITY; fractions are cut off.
 *
 * @experimental
 */
export interface Rlimit {
  /** An RLIMIT_* of getrlimit(2), in lower case and without RLIMIT_: `nofile`. */
  name: string;
  /** What the kernel enforces. */
  soft: number;
  /** How far the child may raise the soft limit. */
  hard: number;
}

/**
 * A program that writes an id map.
 *
 * @experimental
 */
export interface IdMapProgram {
  /** An absolute path. */
  file: string;
  /** Arguments that follow the pid. */
  args: readonly string[];
}

/**
 * Why there is no child.
 *
 * @experimental
 */
export interface CloneFailure {
  /** The step that failed. */
  stage: Stage;
  /** Negative errno. */
  errno: number;
  /** What the stage was working on: a path, a file name or an fd number. */
  path: string;
  /** The first KiB that the failed program, one of `idMapPrograms`, wrote to its standard error. */
  output?: string;
  /** The system call that failed. None: the refusal is not the kernel's. */
  syscall?: string;
}

/**
 * The result of a clone: a running child, or the stage that failed. A failure leaves no child behind.
 *
 * @experimental
 */
export type CloneResult =
  | {
      /** Process id in the caller's PID namespace. */
      pid: number;
      /** Close-on-exec. The caller owns it. */
      pidfd: number;
    }
  | CloneFailure;

/**
 * What kind of directory the guardian watches over: that of an owner, with its cages; the cage of a detached child; or the
 * v2 cgroup that the process moved itself into ('leaf').
 *
 * @experimental
 */
export type GuardedKind = 'owner' | 'detached' | 'leaf';

/**
 * rusage of a reaped child and of the descendants that it waited for. Times are in microseconds.
 *
 * @experimental
 */
export interface ChildUsage {
  /** Processor time in user mode. */
  userUs: number;
  /** Processor time in the kernel. */
  systemUs: number;
  /** Page faults without I/O. */
  minorFaults: number;
  /** Page faults that had to wait for I/O. */
  majorFaults: number;
}

/**
 * What the watcher reads and removes when a child has exited by itself, before it delivers the event. This handles
 * the common end without keeping the event loop busy. The watcher does none of it if anything differs from what is
 * stated here.
 *
 * @experimental
 */
export interface Ending {
  /**
   * An eventfd that must not have been signalled, or -1. If the watcher watches it, a signal still counts after it
   * was read.
   */
  quietFd: number;
  /** The file that is checked for `expected`. */
  quietFile: Beneath;
  /** A text that `quietFile` must contain. */
  expected: string;
  /** Directories that must still have their stamp: see {@link NativeBinding.stampDirectory}. */
  stamped: readonly Beneath[];
  /**
   * Files to read, each shorter than 16 KiB, and no lists of ids; the event has their texts, '' for those that this kernel
   * does not have. With the path '', here and in `quietFile`, `dirFd` is an fd of the file itself.
   */
  reads: readonly Beneath[];
  /** Directories to remove after the reads, in this order. */
  removes: readonly Beneath[];
}

/**
 * A file or directory, reached through an open directory.
 *
 * @experimental
 */
export interface Beneath {
  /** Directory fd. */
  dirFd: number;
  /** Path below `dirFd`. */
  path: string;
}

/**
 * How a child ended.
 *
 * @experimental
 */
export interface ChildExit {
  /** null if a signal ended it. */
  exitCode: number | null;
  /** Signal number, or null if it exited. */
  signal: number | null;
  /** What it used. */
  usage: ChildUsage;
  /** CLOCK_MONOTONIC in nanoseconds, when the watcher saw the end. */
  timeNs: number;
  /** Negative errno if the exit status could not be read (ECHILD: another reaper took it), else 0. */
  errno: number;
}

/**
 * The parent's non-blocking end of a pipe, and what to do with it. It stays open.
 *
 * @experimental
 */
export interface AttendedPipe {
  /** The caller owns it. */
  fd: number;
  /** Write `input`, then shut down the direction to the child. */
  writes: boolean;
  /** Left out, nothing is written. */
  input?: Uint8Array;
  /** Read until end of file. */
  reads: boolean;
}

/**
 * How to wait for a child on the calling thread.
 *
 * @experimental
 */
export interface AttendOptions {
  /** pidfd of the child. The caller owns it. */
  pidfd: number;
  /** The parent's ends of its pipes. */
  pipes: readonly AttendedPipe[];
  /** CLOCK_MONOTONIC in nanoseconds. Left out, there is no deadline. */
  deadlineNs?: number;
  /** Most bytes that all pipes may deliver together. Left out or 0, there is no limit. */
  maxBytes?: number;
  /** Signal for a child that exceeds `deadlineNs` or `maxBytes`. SIGKILL is sent where this one can't be. */
  killSignal: number;
}

/**
 * How the child ended, and what it wrote.
 *
 * @experimental
 */
export interface Attended extends ChildExit {
  /**
   * Negative errno: why the child was ended early (ETIMEDOUT, ENOBUFS), else the error of the first pipe that failed,
   * else 0.
   */
  error: number;
  /** What was read from each pipe; null for a pipe that was not to be read. */
  output: (Buffer | null)[];
}

/**
 * What the watcher thread saw.
 *
 * @experimental
 */
export type WatchEvent =
  | ({
      /** A child ended, and has been reaped. */
      kind: 'exit';
      /** The number that {@link NativeBinding.watch} returned. */
      id: number;
      /** What the child's {@link Ending} read. Absent if the watcher did not carry it out, or not completely. */
      texts?: string[];
    } & ChildExit)
  | {
      /** The fd became readable, or what {@link NativeBinding.arm} asks for, or has an exceptional condition. The watcher does not read an eventfd. */
      kind: 'ready';
      /** The number that {@link NativeBinding.watch} returned. */
      id: number;
      /** CLOCK_MONOTONIC in nanoseconds, when the watcher saw it. */
      timeNs: number;
    }
  | {
      /**
       * A meter's limit is reached, and everything in its cgroup was sent SIGKILL, unless the kernel `refused`, or the meter
       * kills nothing. Once for each meter of processor time; for one of stalls, once for each stall.
       */
      kind: 'reached';
      /** The number that {@link NativeBinding.startMeter} or {@link NativeBinding.startStallMeter} returned. */
      id: number;
      /** In microseconds: processor time, or how long nothing has got on. */
      valueUs: number;
      /** What told of a stall. */
      toldBy?: StallSign;
      /** Absent if the kernel refused nothing. The meter tries again, after longer and longer pauses. */
      refused?: NativeError;
      /** CLOCK_MONOTONIC in nanoseconds, after the kill. */
      timeNs: number;
    };

/**
 * A limit of the processor time that a cgroup and all below it use together.
 *
 * @experimental
 */
export interface MeterOptions {
  /** Directory fd of the cgroup whose time counts. */
  dirFd: number;
  /** Path below `dirFd`; '' for `dirFd` itself. */
  path: string;
  /** The file there that counts it: of v2 (Linux 4.15), or of v1's hierarchy of the controller cpuacct. */
  file: 'cpu.stat' | 'cpuacct.usage';
  /** Directory fd of the cgroup in which everything is killed at the limit. */
  killDirFd: number;
  /** Path below `killDirFd`. */
  killPath: string;
  /** In microseconds, from the birth of the cgroup on. */
  limitUs: number;
}

/**
 * What tells that a cgroup gets nowhere because of memory: PSI; what is read again and again soon after it was
 * reclaimed; processes that wait for memory with the OOM killer off (v1).
 */
export type StallSign = 'pressure' | 'refaults' | 'oomPaused';

/**
 * A limit of how long a cgroup and all below it may get nowhere because of memory.
 *
 * @experimental
 */
export interface StallMeterOptions {
  /** Directory fd of the memory cgroup. */
  dirFd: number;
  /** Path below `dirFd`; '' for `dirFd` itself. */
  path: string;
  /** Directory fd of the cgroup with the same processes whose processor time counts. */
  timeDirFd: number;
  /** Path below `timeDirFd`. */
  timePath: string;
  /** As in {@link MeterOptions}. `cpuacct.stat`, which tells user time, is beside `cpuacct.usage`. */
  timeFile: MeterOptions['file'];
  /**
   * Directory fd of the cgroup with the same processes that may have `memory.pressure`. If PSI is turned off there
   * (`cgroup.pressure`), the meter turns it on again.
   */
  pressureDirFd: number;
  /** Path below `pressureDirFd`. */
  pressurePath: string;
  /** Whether to kill at the limit. */
  kills: boolean;
  /** As in {@link MeterOptions}. */
  killDirFd: number;
  /** Path below `killDirFd`. */
  killPath: string;
  /** In microseconds. */
  limitUs: number;
}

/**
 * What a meter shows. If the cgroup is gone, as it was last seen.
 *
 * @experimental
 */
export interface MeterReading {
  /**
   * In microseconds: processor time, or how long nothing has got on, less three times as long as something has since; 0
   * once that is over.
   */
  valueUs: number;
  /** The highest `valueUs` so far. */
  mostUs: number;
  /** How often the watcher's thread has found the limit reached: more than once only of stalls. */
  times: number;
  /** How often everything was killed at the limit. Refused kills don't count. */
  kills: number;
  /** The limit is reached. For stalls: it is, or was once. */
  isReached: boolean;
  /** What told of the last stall. */
  toldBy?: StallSign;
  /**
   * What the kernel refused in the last kill while the limit is reached, or in the last look: ENODATA if PSI was turned
   * off, and nothing else tells of stalls. Absent if nothing.
   */
  refused?: NativeError;
}

/**
 * A transient scope to ask systemd for.
 *
 * @experimental
 */
export interface ScopeRequest {
  /** D-Bus address, for example `unix:path=/run/user/1000/bus`. */
  address: string;
  /** Unit name, ending in `.scope`. */
  name: string;
  /** Description for people, as systemctl(1) shows it. */
  description: string;
  /** The slice for the scope. Default: the manager's choice. */
  slice?: string;
  /** For the whole request, in milliseconds. */
  timeoutMs: number;
}

/**
 * A unit to ask systemd about.
 *
 * @experimental
 */
export interface UnitQuestion {
  /** D-Bus address of the bus that the unit's manager listens on. */
  address: string;
  /** Full name of the unit. */
  unit: string;
  /** In milliseconds. */
  timeoutMs: number;
}

/**
 * A scope that systemd has made.
 *
 * @experimental
 */
export interface Scope {
  /** Its cgroup, as in `/proc/<pid>/cgroup`. */
  controlGroup: string;
}

/**
 * What systemd says about a unit.
 *
 * @experimental
 */
export interface UnitDelegation {
  /** Whether the unit has `Delegate=yes`. */
  delegated: boolean;
}

/**
 * Why systemd, or the way to it, failed.
 *
 * @experimental
 */
export interface BusFailure {
  /** The step that failed. */
  step: 'library' | 'connect' | 'request' | 'job' | 'control-group';
  /** A D-Bus error name (`org.freedesktop.systemd1.UnitExists`), an errno name, or the result of the job. */
  error: string;
  /** The message that came with the error, for people. */
  message: string;
}

/**
 * What a cgroup and the cgroups below it list.
 *
 * @experimental
 */
export interface Members {
  /** Ids of processes, or of threads if you asked for those. An id may occur twice. */
  ids: number[];
  /** Threads of threaded cgroups (v2), which list no processes. */
  threads: number[];
}

/**
 * A cgroup whose count is not 0.
 *
 * @experimental
 */
export interface FoundCount {
  /** Path relative to the cgroup that was searched. */
  path: string;
  /** The key's value in its file. */
  count: number;
}

/**
 * The functions of `memcage/native`. They throw a {@link NativeError} when the kernel refuses a system call.
 *
 * @experimental
 */
export interface NativeBinding {
  /** Start a child. Blocks until the child has reached exec, or has failed to. */
  clone(options: CloneOptions): CloneResult;
  /**
   * What a seccomp filter would make of a start with these namespaces: null if it lets them pass. Starts nothing: the
   * calls are such that the kernel refuses them. A filter that kills instead of refusing kills this process, as it would
   * at the start.
   */
  cloneRefusal(options: { namespaces: number }): CloneFailure | null;

  /**
   * Serve the pipes of an unwatched child until it has ended and the pipes are closed, then reap it. Blocks. Once the
   * child has to end early, this shuts the pipes down, whoever else holds them.
   */
  attend(options: AttendOptions): Attended;

  /**
   * Start this environment's watcher thread (one epoll instance for all children and event fds), or change its
   * callback. The callback gets everything that happened since its last call.
   */
  startWatcher(options: { onEvents: (events: WatchEvent[]) => void }): void;
  /**
   * Watch a pidfd until the child ends, and reap it then; or watch an fd edge-triggered: an eventfd, or the
   * exceptional condition of an interface file. When the environment ends, a `child` is killed and reaped.
   *
   * @returns the `id` of its events. It is unique in an environment across all callers: copies of memcage share the
   * addon, and an event about a child of one copy must mean nothing to the others.
   */
  watch(options: { fd: number; kind: 'child' | 'detached-child' | 'event' | 'priority'; ending?: Ending }): number;
  /**
   * Watch a stream for one event: that it can be read, or written, or that its other end is gone. The first call begins to watch the
   * fd, and `unwatch` ends that.
   *
   * @returns the `id` of its events, as that of `watch`; the same until `unwatch`
   */
  arm(options: { fd: number; reads: boolean; writes: boolean }): number;
  /** Cancel the {@link Ending} of a watched child. Has no effect once the watcher has begun to carry it out. */
  dropEnding(options: { fd: number }): void;
  /**
   * Stop watching an fd. Call it before you close the fd. The watcher stops watching a child that has ended by
   * itself.
   */
  unwatch(options: { fd: number }): void;
  /**
   * Have the watcher thread look at a cgroup's processor time, the sooner the less is left, and at the limit do as {@link
   * NativeBinding.killAll} does, until you stop the meter. This needs no event loop. It opens what it needs at once. With
   * the cgroup it ends by itself, but stop it all the same.
   *
   * @returns the `id` of the meter and of its event, unique as those of `watch`
   */
  startMeter(options: MeterOptions): number;
  /**
   * Have the watcher thread look whether a cgroup gets on, several times a second while it waits for memory. At the limit it
   * does as {@link NativeBinding.killAll} does, once for each stall.
   *
   * @throws ENODATA if the kernel counts no refaults
   * @returns as {@link NativeBinding.startMeter} does
   */
  startStallMeter(options: StallMeterOptions): number;
  /** What it shows now, after a kill that goes on; null if there is no such meter. */
  readMeter(options: { id: number }): MeterReading | null;
  /** End a meter, after a kill that is under way. Returns what it showed last; null if there is no such meter. */
  stopMeter(options: { id: number }): MeterReading | null;
  /**
   * Have the watcher thread write a file in so many milliseconds, or when the environment ends, whatever becomes of the calling
   * thread. Of those that are due together the newest is made first.
   *
   * @returns the id of the write
   */
  writeLater(options: { dirFd: number; path: string; value: string; afterMs: number }): number;
  /**
   * Make a write of {@link NativeBinding.writeLater} now, by the file that it has open, unless it has been made. If the kernel refuses
   * that, it is made later all the same.
   */
  makeLateWrite(options: { id: number }): void;
  /** Spare a write of {@link NativeBinding.writeLater} that has not been made yet. */
  dropLateWrite(options: { id: number }): void;
  /** Whether the watcher keeps the event loop alive. Default: false. */
  setWatcherRef(options: { ref: boolean }): void;

  /** pidfd_open(2) (Linux 5.3). */
  pidfdOpen(options: { pid: number }): number;
  /** pidfd_send_signal(2) (Linux 5.1). Signal 0 only checks that the process exists. */
  pidfdSendSignal(options: { pidfd: number; signal: number }): void;
  /**
   * prlimit(2): the soft RLIMIT_DATA of a process, in bytes, `Infinity` for none. The process gets `soft`, or its hard limit if
   * that is lower. Without it nothing changes.
   *
   * @throws EPERM for a process of other ids, without CAP_SYS_RESOURCE
   * @returns the limit that it had
   */
  limitData(options: { pid: number; soft?: number }): number;
  /**
   * sched_setattr(2): has this thread come to a processor soon when it wakes. By nice -10 where that is allowed, and by the shortest
   * slice, which has a meaning since Linux 6.12. Does nothing to a thread with a policy of its own.
   */
  hurryThread(): void;
  /** waitid(2) with P_PIDFD (Linux 5.4) for an unwatched child. Blocks until it ends, so kill it first. */
  reap(options: { pidfd: number }): void;

  /**
   * Start the guardian of this process, the launcher `file`, unless it already runs. All threads share one. Blocks
   * until the guardian watches. Returns the failure, or null.
   */
  startGuardian(options: { file: string }): CloneFailure | null;
  /**
   * Register the directory `name` in `dirFd` with the guardian; it need not exist yet. The guardian ends it when this
   * environment or the whole process ends. It only removes a 'detached' one, if that is empty when the process ends,
   * and gives a 'leaf' back then. EPIPE and ENOTCONN mean that there is no guardian.
   */
  guard(options: { dirFd: number; name: string; kind: GuardedKind }): void;
  /**
   * Tell the guardian that the directory it knows by `name` is the one open as `fd`, even if that is renamed later.
   */
  identifyGuarded(options: { name: string; fd: number }): void;
  /**
   * Tell the guardian that a directory is gone, or, with `end`, to end it now, which is ignored for one that this environment
   * has not registered.
   */
  unguard(options: { name: string; end: boolean }): void;
  /**
   * A new fd of the connection to the guardian, which is readable once the guardian has ended: then start another, and tell it
   * of everything. ENOTCONN if there is none.
   */
  openGuardian(): number;
  /** Give the guardian the directory to write notes of ends to. EPIPE and ENOTCONN mean that there is no guardian. */
  keepNotes(options: { fd: number }): void;
  /** Have the guardian write a note (native/guardian/note.h, 512 bytes). It is lost if the guardian can't take it now. */
  noteEnd(options: { note: Uint8Array }): void;
  /** Write a note to a directory of notes, as a guardian does: a failure to write is ignored. */
  writeNote(options: { fd: number; note: Uint8Array }): void;
  /** Tell the guardian to exit if it has nothing left to end. For the end of the process. */
  dismissGuardian(): void;
  /**
   * Add to the number of open cages that this environment has; what is left is taken off with the environment. Returns
   * how many all threads of the process have, whichever copies of the addon they use.
   */
  countOpenCages(options: { by: number }): number;
  /** The guardian's pid; 0 if there is none, or it has ended. */
  guardianPid(): number;

  /**
   * execve(2): this process becomes another program, and nothing of it runs any more, such as its 'exit' handlers.
   * Signals get their default actions. Of all open fds it keeps the standard streams, which block again if Node has
   * changed that. Returns only by an error, with everything as it was.
   */
  execve(options: {
    /** Path of the program. */
    file: string;
    /** argv, including `argv[0]`. */
    args: readonly string[];
    /** The environment as `KEY=value`. */
    env: readonly string[];
  }): never;

  /**
   * unshare(2) of the calling thread. CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWTIME and CLONE_FS are
   * refused with `ERR_MEMCAGE_UNSAFE_THREAD`: Node's other threads would see a different world, or Node could not
   * create more threads.
   */
  unshare(options: { flags: number }): void;
  /**
   * setns(2) of the calling thread, which refuses the same kinds as `unshare`. With `flags` 0 any kind of fd will do.
   */
  setns(options: { fd: number; flags: number }): void;

  /** Open a directory (O_PATH) to anchor the functions below. */
  openDirectory(options: { path: string }): number;
  /**
   * Open a file below a directory fd, never outside of it and never through a symbolic link (openat2 with
   * RESOLVE_BENEATH, Linux 5.6; component by component before that). Always O_CLOEXEC.
   */
  openBeneath(options: {
    dirFd: number;
    path: string;
    /** `path` (a directory) and `probe` (anything) are O_PATH: they find the file without opening it. */
    access: 'read' | 'write' | 'read-write' | 'directory' | 'path' | 'probe';
  }): number;
  /** Read a whole file below a directory fd as UTF-8. */
  readBeneath(options: { dirFd: number; path: string }): string;
  /** Write with a single write(2): interface files accept a value whole or not at all. */
  writeBeneath(options: { dirFd: number; path: string; value: string }): void;
  /** mkdirat(2). The parent directory is resolved as in `openBeneath`. EEXIST is an error. */
  makeDirectory(options: { dirFd: number; path: string; mode: number }): void;
  /** unlinkat(2) with AT_REMOVEDIR. */
  removeDirectory(options: { dirFd: number; path: string }): void;
  /**
   * The entries of `file` (`cgroup.procs`, `tasks`, `cgroup.threads`) in a cgroup and in all cgroups below it; an
   * entry may occur twice. `threads` is for threaded cgroups (v2), which list no processes.
   */
  listMembers(options: { dirFd: number; path: string; file: string }): Members;
  /**
   * Find the cgroups below one in which a key of a flat-keyed file is not 0. Returns their relative paths and counts.
   * `except` names cgroups directly below that are left out.
   */
  findCounts(options: {
    dirFd: number;
    path: string;
    file: string;
    key: string;
    except: readonly string[];
  }): FoundCount[];
  /**
   * Remove the cgroups below one, except those with processes, for `budgetMs` from the first removal on. Returns what
   * is left: 'busy' if some have processes, 'more' if the time was not enough for the rest.
   */
  removeBelow(options: { dirFd: number; path: string; budgetMs: number }): 'nothing' | 'busy' | 'more';
  /**
   * SIGKILL for all processes of a cgroup and of those below it, by what the cgroup has: `cgroup.kill` (Linux 5.14), else a
   * freezer (`cgroup.freeze`, `freezer.state`), else SIGSTOP for all before the first is killed, which takes up to a second.
   * Processes in `spare` need not be killed. It thaws cgroups below that someone has frozen, and gives back permissions
   * that someone has taken away there. Repeat it until the cgroup is empty.
   */
  killAll(options: { dirFd: number; path: string; spare: readonly number[] }): void;
  /**
   * Mark a directory of a cgroup hierarchy by setting its modification time to 0 (utimensat(2)). kernfs updates that
   * time when a directory is made or removed inside.
   */
  stampDirectory(options: { dirFd: number; path: string }): void;
  /** Whether the directory still has that mark. */
  isStamped(options: { dirFd: number; path: string }): boolean;
  /** Names of the directories directly below. */
  listDirectories(options: { dirFd: number; path: string }): string[];

  /**
   * pread(2) at offset 0, once. Returns the number of bytes. If the buffer is larger than the file, one read gets the
   * whole of any interface file that the kernel writes at once, which is all of them except lists of pids.
   */
  readOpen(options: { fd: number; buffer: Uint8Array }): number;
  /**
   * `readOpen` for many files, from number `first` on. Their texts follow each other in the buffer. `lengths` gets
   * the bytes of each, or its negative errno. Returns how many files there are, or the number of the file that no
   * longer fitted into the buffer. With `paths` the fds are directories; each file is then opened below one, as
   * `openBeneath` does, and closed.
   */
  readMany(options: {
    fds: Int32Array;
    paths?: readonly string[];
    first: number;
    buffer: Uint8Array;
    lengths: Int32Array;
  }): number;
  /** write(2) of a whole value to an open interface file. */
  writeOpen(options: { fd: number; value: string }): void;
  /**
   * faccessat(2) by the effective ids, as the kernel judges an open. `mode` has bits of R_OK, W_OK and X_OK. Throws what
   * the kernel would refuse.
   */
  checkAccess(options: { path: string; mode: number }): void;
  /** getxattr(2); null if there is no such attribute or the caller may not see it. */
  readAttribute(options: { path: string; name: string }): string | null;
  /** flock(2) LOCK_EX | LOCK_NB; false if another open file description holds the lock. */
  tryLock(options: { fd: number }): boolean;
  /**
   * fcntl(2) F_OFD_SETLK for the whole file, F_RDLCK if `shared`, else F_WRLCK, which takes an fd that may write; false if
   * another open file description holds a lock against it.
   */
  tryFileLock(options: { fd: number; shared: boolean }): boolean;
  /** fcntl(2) F_OFD_GETLK: whether another open file description holds F_WRLCK. Takes no lock. */
  isFileLocked(options: { fd: number }): boolean;

  /**
   * Ask the systemd manager on a bus for a transient scope with `Delegate=yes` for this process: StartTransientUnit,
   * then wait for JobRemoved (org.freedesktop.systemd1(5)). Needs the machine's libsystemd (240), opened by
   * dlopen(3). Blocks. One scope per process: later calls return the same one, also from other threads.
   */
  startScope(options: ScopeRequest): Scope | BusFailure;
  /** `startScope` on a thread of libuv's pool. */
  startScopeAsync(options: ScopeRequest): Promise<Scope | BusFailure>;
  /** Whether a scope or service has `Delegate=yes`, which a user's manager does not mark on the cgroup. Blocks. */
  isDelegated(options: UnitQuestion): UnitDelegation | BusFailure;
  /** `isDelegated` on a thread of libuv's pool. */
  isDelegatedAsync(options: UnitQuestion): Promise<UnitDelegation | BusFailure>;
  /** The version of the systemd manager that answers on a bus. Blocks. */
  managerVersion(options: { address: string; timeoutMs: number }):
    | {
        /** As systemd writes it, for example `257.9-1~deb13u1`. */
        version: string;
      }
    | BusFailure;

  /** eventfd(2), non-blocking and close-on-exec. */
  eventfdOpen(): number;
  /** The count since the last read; 0 if there was no event. */
  eventfdRead(options: { fd: number }): number;

  /**
   * A connected pair of AF_UNIX stream sockets. Both are close-on-exec; the first is non-blocking, the second
   * blocking. Both are closed with the environment.
   */
  socketPair(): [parent: number, child: number];
  /** recv(2) without waiting: the number of bytes, 0 at the end; null if there is nothing yet. */
  socketRead(options: { fd: number; buffer: Uint8Array }): number | null;
  /** send(2) without waiting, and without SIGPIPE: the number of bytes; null if there is no room yet. */
  socketWrite(options: { fd: number; data: Uint8Array }): number | null;
  /** shutdown(2) for writing. */
  socketEnd(options: { fd: number }): void;
  /** poll(2) for POLLIN: whether there is data, or the other end has closed, before the timeout. Blocks. */
  waitReadable(options: { fd: number; timeoutMs: number }): boolean;
  /** Do not close this fd with the environment: someone else does. */
  giveFdAway(options: { fd: number }): void;
  /** close(2). */
  closeFd(options: { fd: number }): void;
  /** `closeFd` on a thread of libuv's pool, where the kernel has something to wait for. */
  closeFdAsync(options: { fd: number }): Promise<void>;
  /** CLOCK_MONOTONIC in nanoseconds. */
  monotonicNs(): number;

  /** Constants of the kernel and the machine. For the namespace flags see clone(2). */
  readonly constants: {
    /** Boot and monotonic clocks (Linux 5.6). */
    readonly CLONE_NEWTIME: number;
    /** Root, working directory and umask. */
    readonly CLONE_FS: number;
    /** Mounts. */
    readonly CLONE_NEWNS: number;
    /** Cgroups (Linux 4.6). */
    readonly CLONE_NEWCGROUP: number;
    /** Host and domain name. */
    readonly CLONE_NEWUTS: number;
    /** System V IPC and POSIX message queues. */
    readonly CLONE_NEWIPC: number;
    /** Users and groups. */
    readonly CLONE_NEWUSER: number;
    /** Process ids. */
    readonly CLONE_NEWPID: number;
    /** Network. */
    readonly CLONE_NEWNET: number;
    /** Size of a memory page in bytes. */
    readonly pageSize: number;
  };
  /** The names of all stages, in order. */
  readonly stages: readonly Stage[];
}
