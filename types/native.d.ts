/**
 * The whole contract between memcage's TypeScript and its C++ addon, exported as `memcage/native`.
 *
 * Mechanism only: every function is one or a few system calls on what it is given, with no defaults of its own, no
 * retries but EINTR, and no parsing. A refused system call throws a {@link NativeError}; {@link NativeBinding.clone} is
 * the exception, whose failures are data.
 */

/** Thrown when the kernel refuses a system call. */
export interface NativeError extends Error {
  /** Symbolic errno name, for example `EACCES`, or `ERR_MEMCAGE_UNSAFE_THREAD` where the addon itself refuses. */
  code: string;
  /** Negative errno, as in Node's own system errors. */
  errno: number;
  /** The system call that failed, for example `openat2`. */
  syscall: string;
  /** The path that was given to the call, where there was one. */
  path?: string;
}

/**
 * A step of the child between clone and exec, in the order in which they run. `clone` is the system call itself, `unshare`
 * and `init` are steps of the launcher alone.
 */
export type Stage =
  | 'clone'
  | 'signals'
  | 'session'
  | 'cgroup'
  | 'cgroup-namespace'
  | 'unshare'
  | 'id-maps'
  | 'hostname'
  | 'mounts'
  | 'proc'
  | 'loopback'
  | 'stdio'
  | 'cwd'
  | 'groups'
  | 'gid'
  | 'uid'
  | 'parent-death'
  | 'close-fds'
  | 'init'
  | 'exec'
  | 'watchdog';

/** What a child is to be: all that is done between clone and exec. */
export interface CloneOptions {
  /** Looked up in the `PATH` of `env` when it has no slash, as execvp(3) does; run by /bin/sh on ENOEXEC. */
  file: string;
  /** argv, `argv[0]` included. */
  args: readonly string[];
  /** The environment as `KEY=value`. */
  env: readonly string[];
  /** Working directory of the child; the parent's when left out. */
  cwd?: string;
  /** `stdio[n]` is the parent's fd that becomes fd n of the child. -1: /dev/null for 0 to 2, closed above. */
  stdio: readonly number[];
  /** setsid(2) in the child. */
  detached: boolean;
  /** SIGKILL for the child when the environment that made it ends, or the thread (PR_SET_PDEATHSIG). */
  killWithParent: boolean;
  /** The child is in a directory that the guardian ends: `killWithParent` then does without PR_SET_PDEATHSIG. */
  guarded?: boolean;
  /** Bits of CLONE_NEW*; see {@link NativeBinding.constants}. */
  namespaces: number;
  /** sethostname(2) in the child; needs CLONE_NEWUTS. */
  hostname?: string;
  /** Written by the child to its own setgroups ("deny"), uid_map and gid_map; needs CLONE_NEWUSER. */
  idMaps?: {
    /** Lines of `INSIDE OUTSIDE COUNT`: user_namespaces(7). */
    uidMap: string;
    /** Likewise. */
    gidMap: string;
  };
  /**
   * Instead of `idMaps`: programs that write the maps of the child, such as newuidmap(1) and newgidmap(1), while it waits.
   * Each is run as `file PID args...` in this order, by a thread that lives as long as that takes, with `LC_ALL=C` as its
   * environment. Needs CLONE_NEWUSER and /proc. At the stage 'id-maps' EPERM with a program as `path` says that it ended
   * with another code than 0, EINTR that a signal ended it.
   */
  idMapPrograms?: readonly IdMapProgram[];
  /** Remount / recursively with private propagation; needs CLONE_NEWNS. */
  privateMounts: boolean;
  /** Mount a new procfs over /proc; needs CLONE_NEWNS and CLONE_NEWPID. */
  mountProc: boolean;
  /** Bring the loopback interface up; needs CLONE_NEWNET. */
  loopback: boolean;
  /** setuid(2) in the child, as an id of its user namespace. */
  uid?: number;
  /** setgid(2) in the child, likewise. */
  gid?: number;
  /** Supplementary groups; dropped when `uid` or `gid` is set and this is left out (as libuv does). */
  groups?: readonly number[];
  /** Directory fd of a cgroup v2 for CLONE_INTO_CGROUP (Linux 5.7). */
  intoCgroupFd?: number;
  /** Open, writable `tasks` (v1) or `cgroup.procs` (v2) files: the child writes "0" to each before anything else. */
  joinFds: readonly number[];
  /** Share the parent's memory until exec (CLONE_VM). Always together with CLONE_VFORK. */
  shareMemory: boolean;
  /** Kill a child that has not reached exec after this many milliseconds. */
  watchdogMs: number;
  /** An open, writable v1 `freezer.state`: the watchdog writes THAWED to it, since a frozen v1 task can't be killed. */
  thawFd?: number;
  /** Close `intoCgroupFd`, `joinFds` and `thawFd` once they have been used, whatever became of the child. Default: false. */
  closesFds?: boolean;
}

/** A program that writes an id map. */
export interface IdMapProgram {
  /** An absolute path. */
  file: string;
  /** What follows the pid. */
  args: readonly string[];
}

/** Why there is no child. */
export interface CloneFailure {
  /** The step that failed. */
  stage: Stage;
  /** Negative errno. */
  errno: number;
  /** What the stage worked on: a path, a file name, an fd number. */
  path: string;
  /** What the program at fault, one of `idMapPrograms`, wrote to its standard error; its first KiB. */
  output?: string;
}

/** What became of a clone: a running child, or the stage that failed. After a failure no child is left. */
export type CloneResult =
  | {
      /** In the caller's PID namespace. */
      pid: number;
      /** Close-on-exec, owned by the caller. */
      pidfd: number;
    }
  | CloneFailure;

/**
 * A directory of the v1 memory hierarchy, of the unified one, of the v1 freezer; of any, for what lives on; or the leaf of v2
 * that the process is in.
 */
export type GuardedKind = 'memory' | 'unified' | 'freezer' | 'detached' | 'leaf';

/** rusage of a reaped child and of those of its descendants that it waited for. Microseconds. */
export interface ChildUsage {
  /** Processor time in their own code. */
  userUs: number;
  /** Processor time in the kernel, for them. */
  systemUs: number;
  /** Page faults that needed no input. */
  minorFaults: number;
  /** Page faults that waited for it. */
  majorFaults: number;
}

/**
 * What the watcher thread reads and removes when a child has exited by itself, before the event is delivered: the common
 * end, for which the event loop need not be kept busy. It is left undone when anything is not as expected here.
 */
export interface Ending {
  /** Directory fd that `file` and `reads` are beneath. */
  dirFd: number;
  /** An eventfd that must not have been signalled, or -1. A watched one: at any time before, also when it was read since. */
  quietFd: number;
  /** A file that must contain `expected`. */
  file: string;
  /** Its whole text, byte by byte. */
  expected: string;
  /** A directory that must still have its stamp, or '' for none. */
  stamped: string;
  /** Files whose texts are wanted. */
  reads: readonly string[];
  /** Directories to remove after that, in this order. */
  removes: readonly {
    /** Directory fd. */
    dirFd: number;
    /** Beneath it. */
    path: string;
  }[];
}

/** How a child has ended. */
export interface ChildExit {
  /** null when a signal ended it. */
  exitCode: number | null;
  /** Signal number, or null. */
  signal: number | null;
  /** What it has used. */
  usage: ChildUsage;
  /** CLOCK_MONOTONIC when the end was seen, in nanoseconds. */
  timeNs: number;
  /** Negative errno when the status could not be had (ECHILD: another reaper took it); 0 otherwise. */
  errno: number;
}

/** The parent's end of a pipe, non-blocking, and what to do with it. It stays open. */
export interface AttendedPipe {
  /** Owned by the caller. */
  fd: number;
  /** Write `input`, and then shut the way to the child down. */
  writes: boolean;
  /** Left out: nothing. */
  input?: Uint8Array;
  /** Read until the end. */
  reads: boolean;
}

/** A child that is waited for on the calling thread. */
export interface AttendOptions {
  /** Of the child; owned by the caller. */
  pidfd: number;
  /** The parent's ends of its pipes. */
  pipes: readonly AttendedPipe[];
  /** CLOCK_MONOTONIC in nanoseconds. Left out: it may take as long as it takes. */
  deadlineNs?: number;
  /** Of all that is read together. Left out, or 0: no limit. */
  maxBytes?: number;
  /** Sent when the time or the room for output is used up; SIGKILL where it can't be sent. */
  killSignal: number;
}

/** How it has ended, and what it wrote. */
export interface Attended extends ChildExit {
  /** Negative errno of why it was ended early (ETIMEDOUT, ENOBUFS), else of the first pipe that failed; 0 otherwise. */
  error: number;
  /** What was read from each pipe; null where nothing was to be. */
  output: (Buffer | null)[];
}

/** What the watcher thread has seen. */
export type WatchEvent =
  | ({
      /** A child has ended, and is reaped. */
      kind: 'exit';
      /** What {@link NativeBinding.watch} has returned. */
      id: number;
      /** What its {@link Ending} has read; absent when that was not, or not wholly, carried out. */
      texts?: string[];
    } & ChildExit)
  | {
      /** The fd became readable or had an exceptional condition. An eventfd is not read. */
      kind: 'ready';
      /** What {@link NativeBinding.watch} has returned. */
      id: number;
      /** CLOCK_MONOTONIC when it was seen, in nanoseconds. */
      timeNs: number;
    };

/** A transient scope to ask systemd for. */
export interface ScopeRequest {
  /** D-Bus address, for example `unix:path=/run/user/1000/bus`. */
  address: string;
  /** Unit name, ending in `.scope`. */
  name: string;
  /** For people, as systemctl(1) shows it. */
  description: string;
  /** The slice to put it in; the manager's default when left out. */
  slice?: string;
  /** For the whole of it, in milliseconds. */
  timeoutMs: number;
}

/** A unit to ask systemd about. */
export interface UnitQuestion {
  /** D-Bus address of the bus that the unit's manager is on. */
  address: string;
  /** Full name of the unit. */
  unit: string;
  /** In milliseconds. */
  timeoutMs: number;
}

/** A scope that systemd has made. */
export interface Scope {
  /** Its cgroup, as in `/proc/<pid>/cgroup`. */
  controlGroup: string;
}

/** What systemd says of a unit. */
export interface UnitDelegation {
  /** It has `Delegate=yes`. */
  delegated: boolean;
}

/** What systemd, or the way to it, has refused. */
export interface BusFailure {
  /** How far it came. */
  step: 'library' | 'connect' | 'request' | 'job' | 'control-group';
  /** Name of a D-Bus error (`org.freedesktop.systemd1.UnitExists`) or of an errno, or the result of the job. */
  error: string;
  /** What came with it, for people. */
  message: string;
}

/** What is listed in a cgroup and in all below it. */
export interface Members {
  /** Of processes, or of threads where those were asked for; some maybe twice. */
  ids: number[];
  /** Threads of threaded cgroups (v2), which list no processes. */
  threads: number[];
}

/** A cgroup where a count is not 0. */
export interface FoundCount {
  /** Relative to the one that was looked through. */
  path: string;
  /** The count. */
  count: number;
}

/** The functions of `memcage/native`. A refused system call throws {@link NativeError}. */
export interface NativeBinding {
  /** Start a child. Synchronous: returns when the child has reached exec, or failed to. */
  clone(options: CloneOptions): CloneResult;

  /**
   * Serve the pipes of a child that is not watched until it has ended and they are closed, and reap it. Blocks. Once it is
   * to end early the pipes are shut down, whoever holds them.
   */
  attend(options: AttendOptions): Attended;

  /**
   * Start this environment's watcher thread (one epoll instance for all children and event fds), or change its callback.
   * The callback gets everything that happened since the last call.
   */
  startWatcher(options: { onEvents: (events: WatchEvent[]) => void }): void;
  /**
   * Watch a pidfd for the end of the child (it is reaped then), or an fd edge-triggered: an eventfd, or the exceptional
   * condition of an interface file. When the environment ends, a `child` is killed and reaped.
   *
   * @returns the `id` of its events. No two are the same in an environment, whoever calls this: copies of a module share
   * the addon, and what is about the child of one must mean nothing to the others.
   */
  watch(options: { fd: number; kind: 'child' | 'detached-child' | 'event' | 'priority'; ending?: Ending }): number;
  /** Leave the {@link Ending} of a watched child undone. Too late once the watcher is at it. */
  dropEnding(options: { fd: number }): void;
  /** Stop watching an fd; a child that ended is no longer watched by itself. Call it before closing the fd. */
  unwatch(options: { fd: number }): void;
  /** Whether the watcher keeps the event loop alive. Off at first. */
  setWatcherRef(options: { ref: boolean }): void;

  /** pidfd_open(2) (Linux 5.3). */
  pidfdOpen(options: { pid: number }): number;
  /** pidfd_send_signal(2) (Linux 5.1). Signal 0 only probes. */
  pidfdSendSignal(options: { pidfd: number; signal: number }): void;
  /** waitid(2) with P_PIDFD (Linux 5.4) for a child that is not watched. Blocks until it ends: kill it first. */
  reap(options: { pidfd: number }): void;

  /**
   * Start the guardian of this process, the launcher `file`, unless it runs: one for all threads. Blocks until it watches.
   * What failed, or null.
   */
  startGuardian(options: { file: string }): CloneFailure | null;
  /**
   * Tell the guardian of a directory, which need not exist yet, in another: it is ended with this process, or before that
   * with this environment. A 'detached' one is removed when it is empty at the end of the process, a 'leaf' is given back.
   * EPIPE, ENOTCONN: there is no guardian.
   */
  guard(options: { dirFd: number; name: string; kind: GuardedKind }): void;
  /** The directory that the guardian was told of by this name is the one that is open as `fd`, whatever it is called later. */
  identifyGuarded(options: { name: string; fd: number }): void;
  /** It has been removed; or, with `end`, the guardian is to do so now. Without effect on what this environment did not name. */
  unguard(options: { name: string; end: boolean }): void;
  /** It is to end, unless it has something to end before that: for the end of the process. */
  dismissGuardian(): void;
  /** Its pid; 0 when there is none, or it has ended. */
  guardianPid(): number;

  /**
   * unshare(2) of the calling thread. CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWTIME and CLONE_FS are refused
   * with `ERR_MEMCAGE_UNSAFE_THREAD`: Node's other threads would see another world, or could no longer be created.
   */
  unshare(options: { flags: number }): void;
  /** setns(2) of the calling thread; the same kinds are refused. `flags` 0: whatever kind the fd is. */
  setns(options: { fd: number; flags: number }): void;

  /** Open a directory (O_PATH) to anchor the functions below. */
  openDirectory(options: { path: string }): number;
  /**
   * Open a file below a directory fd, never outside of it and never through a symbolic link (openat2 with
   * RESOLVE_BENEATH, Linux 5.6; before that component by component). Always O_CLOEXEC.
   */
  openBeneath(options: {
    dirFd: number;
    path: string;
    /** `path` and `probe` are O_PATH, of a directory and of anything: what the file system knows of it is not opened. */
    access: 'read' | 'write' | 'read-write' | 'directory' | 'path' | 'probe';
  }): number;
  /** Read a whole file beneath a directory fd as UTF-8. */
  readBeneath(options: { dirFd: number; path: string }): string;
  /** Write in one write(2): interface files take a value whole or not at all. */
  writeBeneath(options: { dirFd: number; path: string; value: string }): void;
  /** mkdirat(2); the parent is resolved as openBeneath does. EEXIST is an error. */
  makeDirectory(options: { dirFd: number; path: string; mode: number }): void;
  /** unlinkat(2) with AT_REMOVEDIR. */
  removeDirectory(options: { dirFd: number; path: string }): void;
  /**
   * What `file` (`cgroup.procs`, `tasks`, `cgroup.threads`) lists in a cgroup and in all below it, some maybe twice. `threads`: of
   * threaded cgroups (v2), which list no processes.
   */
  listMembers(options: { dirFd: number; path: string; file: string }): Members;
  /**
   * Where, below a cgroup, a key of a flat keyed file is not 0: paths relative to it, and the counts. `except`: names of cgroups
   * directly below that are left out.
   */
  findCounts(options: {
    dirFd: number;
    path: string;
    file: string;
    key: string;
    except: readonly string[];
  }): FoundCount[];
  /**
   * Remove the cgroups below one, for `budgetMs` from the first one on; those with processes stay. What is left below it:
   * 'busy', some have processes, 'more', there was no time for the rest.
   */
  removeBelow(options: { dirFd: number; path: string; budgetMs: number }): 'nothing' | 'busy' | 'more';
  /**
   * SIGKILL for all processes of a cgroup and of those below it: by `cgroup.kill` (Linux 5.14), else frozen meanwhile
   * (`cgroup.freeze`, `freezer.state`), else stopped before the first is killed, which takes up to a second. Those to `spare` need
   * not be killed. Cgroups below that someone has frozen are thawed, and permissions that someone has taken away there are given
   * back. To be repeated until the cgroup is empty.
   */
  killAll(options: { dirFd: number; path: string; spare: readonly number[] }): void;
  /**
   * Mark a directory of a cgroup hierarchy, by a time of modification of 0 (utimensat(2)). kernfs sets that anew when a directory
   * in it is made or removed.
   */
  stampDirectory(options: { dirFd: number; path: string }): void;
  /** Whether it has that mark still. */
  isStamped(options: { dirFd: number; path: string }): boolean;
  /** Names of the directories directly below. */
  listDirectories(options: { dirFd: number; path: string }): string[];

  /**
   * pread(2) at offset 0, once; returns the number of bytes. The kernel gives the whole of an interface file that it
   * writes at once, all but lists of pids, as long as the buffer is larger.
   */
  readOpen(options: { fd: number; buffer: Uint8Array }): number;
  /**
   * The same for many files, from number `first` on, one text behind the other in the buffer. `lengths` gets the bytes of
   * each, or the negative errno. Returns the number of the file at which the buffer was full, which is left out, or how many
   * there are. With `paths` the fds are directories, and each file is opened beneath, as openBeneath does, and closed again.
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
  /** getxattr(2); null when there is no such attribute or the caller may not see it. */
  readAttribute(options: { path: string; name: string }): string | null;
  /** flock(2) LOCK_EX | LOCK_NB; false when another open file description holds the lock. */
  tryLock(options: { fd: number }): boolean;

  /**
   * A transient scope with `Delegate=yes` for this process, from the systemd manager on a bus: StartTransientUnit, then the
   * wait for JobRemoved (org.freedesktop.systemd1(5)). Needs the machine's libsystemd (240), by dlopen(3). Blocks. Once per process: later
   * calls, from other threads too, return the same scope.
   */
  startScope(options: ScopeRequest): Scope | BusFailure;
  /** The same on a thread of libuv's pool. */
  startScopeAsync(options: ScopeRequest): Promise<Scope | BusFailure>;
  /** Whether a scope or service has `Delegate=yes`: a user's manager leaves no mark of that on the cgroup. Blocks. */
  isDelegated(options: UnitQuestion): UnitDelegation | BusFailure;
  /** The same on a thread of libuv's pool. */
  isDelegatedAsync(options: UnitQuestion): Promise<UnitDelegation | BusFailure>;
  /** Which systemd manager answers on a bus. Blocks. */
  managerVersion(options: { address: string; timeoutMs: number }):
    | {
        /** As systemd has it, for example `257.9-1~deb13u1`. */
        version: string;
      }
    | BusFailure;

  /** eventfd(2), non-blocking and close-on-exec. */
  eventfdOpen(): number;
  /** The count since the last read, 0 when there is none. */
  eventfdRead(options: { fd: number }): number;

  /** A connected pair of AF_UNIX stream sockets: [close-on-exec and non-blocking, close-on-exec and blocking]. Closed with the environment. */
  socketPair(): [parent: number, child: number];
  /** poll(2) for POLLIN: whether there is something to read, or the other end is closed, before the time is over. Blocks. */
  waitReadable(options: { fd: number; timeoutMs: number }): boolean;
  /** No longer closed with the environment: somebody else does that. */
  giveFdAway(options: { fd: number }): void;
  /** close(2). */
  closeFd(options: { fd: number }): void;
  /** CLOCK_MONOTONIC in nanoseconds. */
  monotonicNs(): number;

  /** The kernel's and the machine's; those of namespaces: clone(2). */
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
    /** In bytes. */
    readonly pageSize: number;
  };
  /** Every stage's name, in order. */
  readonly stages: readonly Stage[];
}
