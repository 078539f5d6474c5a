/** A number of bytes, or one with a unit: K, M, G, T or P are powers of 1024, as in Docker. `'max'` is no limit. */
export type SizeText =
  | `${bigint}`
  | `${number}${' ' | ''}${'K' | 'M' | 'G' | 'T' | 'P' | 'k' | 'm' | 'g' | 't' | 'p'}${'' | 'B' | 'iB'}`
  | 'max';

/**
 * A number of bytes, or text with a unit: `'100M'`, `'100MB'`, `'100MiB'`, `'1.5 GiB'`. `'max'` and `Infinity` mean no limit. The
 * kernel rounds down to whole pages. Text from outside goes through {@link parseSize}.
 */
export type Size = number | SizeText;

/**
 * A limit of how long a cage may get nowhere because of memory: its processes only wait for pages that were taken from them.
 * `{}` has the defaults.
 *
 * @see docs/reference/stall.md
 */
export interface StallOption {
  /**
   * For how long, in milliseconds, an integer of at least 500. Time in which something gets on takes back three times as
   * much. Default: 10,000.
   */
  limitMs?: number;
  /** `kill`: memcage kills everything in the cage; `event`: it only emits 'stall'. Default: `kill`. */
  action?: 'kill' | 'event';
}

/**
 * A use of memory to be told of: a {@link Size}, or a whole percentage of the cage's own limit, `'1%'` to `'100%'`. A percentage
 * follows when that limit changes.
 */
export type CageThreshold = Size | `${number}%`;

/**
 * Tells what fills the memory of a cage, before the kernel kills for it: near the limit memcage stops everything in the cage
 * for a moment, for a second at most, and writes down who holds what. Needs a limit of memory.
 *
 * @see docs/reference/evidence.md
 */
export interface EvidenceOption {
  /**
   * The directory for reports, each in a new directory of its own. It is made if it is missing, for you alone (mode 0700). A
   * relative path is below the current directory.
   */
  dir: string;
  /**
   * How full the cage has to be of memory that can't be reclaimed: a whole percentage of its limit of memory, and of swap as far
   * as there is any, from `'50%'` to `'99%'`. Default: `'95%'`.
   */
  at?: `${number}%`;
  /**
   * Each Node process that holds a quarter of the memory or more writes a heap snapshot of its fullest thread, and tells what it holds
   * outside of the heap. While it does so, seconds for 100 MB, everything else in the cage stays stopped. Needs `extra`. Each Node
   * program in the cage gets a thread more, of 12 to 16 MiB. Default: false.
   */
  heapSnapshot?: boolean;
  /**
   * How much memory V8 gets for that beyond the limit of the cage: 4 times the heap in use at least, or there is no snapshot, and
   * 20 times it if the heap is full of small objects. The kernel kills a process that needs more. Default: none.
   */
  extra?: Size;
}

/**
 * The limits of a memory cgroup. Limits that you leave out stay as they are, except `swap`.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
 */
export interface MemoryLimits {
  /**
   * Hard limit, at least one page. When memory can't be reclaimed below it, the OOM killer runs. `memory.max` (v2),
   * `memory.limit_in_bytes` (v1). Default: `'max'`.
   */
  max: Size;
  /**
   * Limit of swap alone, on both versions. `memory.swap.max` (v2). On v1 `memory.memsw.limit_in_bytes` is set to `max
   * + swap`, so `swap` needs a `max` there. Default: 0 when `max` is first set and swap can be limited. If you set it
   * and the kernel has no swap accounting, you get `ERR_MEMCAGE_NO_SWAP_ACCOUNTING`.
   */
  swap?: Size;
  /**
   * v2: the kernel throttles the cgroup above this much swap, and never kills. `memory.swap.high` (Linux 5.8).
   * Default: `'max'`.
   */
  swapHigh?: Size;
  /**
   * v2: how much compressed memory the cgroup may keep in zswap. With 0 all of its swap goes to disk.
   * `memory.zswap.max` (Linux 5.19, CONFIG_ZSWAP). Default: `'max'`.
   */
  zswap?: Size;
  /**
   * v2: above this the kernel throttles the cgroup and reclaims from it, and never kills. `memory.high`. Default:
   * `'max'`.
   */
  high?: Size;
  /** v2: memory below this is reclaimed only when nothing unprotected is left. `memory.low`. Default: 0. */
  low?: Size;
  /** v2: memory below this is never reclaimed. `memory.min`. Default: 0. */
  min?: Size;
  /**
   * v1: what the kernel pushes the cgroup back to when the machine runs short. `memory.soft_limit_in_bytes`. Default:
   * `'max'`.
   */
  soft?: Size;
  /**
   * v1: from 0 (avoid swapping) to 100 (prefer swapping), or 200 since Linux 5.8. `memory.swappiness`. Default: the
   * parent's.
   */
  swappiness?: number;
  /**
   * v2: an OOM kill takes every process of the cgroup instead of one. `memory.oom.group` (Linux 4.19). Processes with
   * oom_score_adj -1000 are spared. Default: false.
   */
  oomGroup?: boolean;
  /**
   * v1: with `false`, processes wait at the limit for memory to be freed, instead of being killed.
   * `memory.oom_control`. Default: the parent's, usually true.
   */
  oomKill?: boolean;
}

/** The limit `max` alone, or several limits. */
export type MemoryOption = Size | MemoryLimits;

/** Limits to change, or to have besides others: what is left out stays. */
export type MemoryChange = Size | Partial<MemoryLimits>;

/**
 * Processor time that a cage may use.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
 * @see https://docs.kernel.org/scheduler/sched-bwc.html
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/cpusets.html
 */
export interface CpuLimits {
  /**
   * How many processors it may use together, from 0.01 on: 1.5 is 150 ms in each 100 ms. Above that its processes wait;
   * none is killed. `'max'` and `Infinity` limit nothing. `cpu.max` (v2), `cpu.cfs_quota_us` (v1). Needs
   * CONFIG_CFS_BANDWIDTH. Default: `'max'`.
   */
  max?: number | 'max';
  /**
   * Its part where processors are short, beside the other cgroups of its parent: an integer from 1 to 10000. `cpu.weight`
   * (v2); `cpu.shares` (v1) with 1024 for 100. Default: 100.
   */
  weight?: number;
  /**
   * The processors on which it may run, as in `'0-2,4'`. All of them must be there, and allowed to this process.
   * `cpuset.cpus` (v1, and v2 since Linux 5.0). Default: those of the parent.
   */
  set?: string;
}

/** The limit `max` alone, or several limits. */
export type CpuOption = number | 'max' | CpuLimits;

/**
 * How many processes and threads may be in a cage at a time, a positive integer; `'max'` or `Infinity` for no limit, so
 * that they are only counted. At the limit fork(2) and clone(2) fail with EAGAIN. `pids.max` (v1 and v2, Linux 4.3).
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#pid-interface-files
 */
export type PidsOption = number | 'max';

/**
 * What may hold a child's limits, from strong to weak. With `'polled'` and `'none'` memcage still takes the strongest
 * that works here.
 * - `kernel`: a memory cgroup. Where none can be made, the call throws.
 * - `polled`: where the kernel can't, memcage looks at the memory of all processes several times a second, and kills
 *   them all once they use more than the limit.
 * - `none`: where neither can, nothing holds the limits, and memcage only measures.
 */
export type Enforce = 'kernel' | 'polled' | 'none';

/**
 * Limit of the JavaScript heap of a Node child, `--max-old-space-size`: a size, rounded down to MiB; `'auto'` to
 * derive it from the limit of its cage; or `false` so that memcage sets none.
 */
export type NodeHeapOption = 'auto' | Size | false;

/**
 * A limit of a resource: both the soft and the hard one, or each of them. The kernel enforces the soft limit; the program
 * may raise it up to the hard one. `'max'` and `Infinity` are no limit.
 */
export type ResourceLimit<Amount extends number | string = number> =
  | Amount
  | 'max'
  | {
      /** What the kernel enforces. At most `hard`. */
      soft: Amount | 'max';
      /** How far the program may raise the soft limit. Only CAP_SYS_RESOURCE raises this one. */
      hard: Amount | 'max';
    };

/**
 * Limits of resources other than a cage's memory, for the child; its descendants inherit them. Each process is counted on
 * its own, except with `nproc`, `sigpending`, `msgqueue` and `memlock`, which count all of a user. Default of each: the
 * parent's.
 *
 * @see https://man7.org/linux/man-pages/man2/getrlimit.2.html
 */
export interface ResourceLimits {
  /** Address space, in bytes (RLIMIT_AS). Above it, allocations fail with ENOMEM. */
  as?: ResourceLimit<Size>;
  /** A core file, in bytes (RLIMIT_CORE). With 0 there is none. */
  core?: ResourceLimit<Size>;
  /** Processor time, in seconds (RLIMIT_CPU): SIGXCPU at the soft limit, SIGKILL at the hard one. 0 counts as 1. */
  cpu?: ResourceLimit;
  /** Data and heap, in bytes (RLIMIT_DATA); private writable mappings too since Linux 4.7. */
  data?: ResourceLimit<Size>;
  /** A file that the process writes, in bytes (RLIMIT_FSIZE): SIGXFSZ, or EFBIG. */
  fsize?: ResourceLimit<Size>;
  /** File locks (RLIMIT_LOCKS). Linux has ignored it since 2.4.25. */
  locks?: ResourceLimit;
  /** Locked memory, in bytes (RLIMIT_MEMLOCK). */
  memlock?: ResourceLimit<Size>;
  /** POSIX message queues of the user, in bytes (RLIMIT_MSGQUEUE). */
  msgqueue?: ResourceLimit<Size>;
  /** How far the nice value may go down, as 20 minus that value: 1 to 40 (RLIMIT_NICE). */
  nice?: ResourceLimit;
  /** One more than the highest number of a file descriptor (RLIMIT_NOFILE). At most the sysctl `fs.nr_open`. */
  nofile?: ResourceLimit;
  /**
   * Processes and threads of the user (RLIMIT_NPROC). Does not hold root, or who has CAP_SYS_ADMIN or CAP_SYS_RESOURCE.
   * If the child's `uid` has more already, the start fails with EAGAIN.
   */
  nproc?: ResourceLimit;
  /** Resident memory, in bytes (RLIMIT_RSS). Linux has ignored it since 2.4.30: use a cage. */
  rss?: ResourceLimit<Size>;
  /** Highest real-time priority (RLIMIT_RTPRIO). */
  rtprio?: ResourceLimit;
  /** Processor time between two blocking calls under a real-time policy, in microseconds (RLIMIT_RTTIME). */
  rttime?: ResourceLimit;
  /** Queued signals of the user (RLIMIT_SIGPENDING). */
  sigpending?: ResourceLimit;
  /** The stack of the main thread, in bytes (RLIMIT_STACK). Arguments and environment may have a quarter of it. */
  stack?: ResourceLimit<Size>;
}

/** What a child gives up, for itself and its descendants. */
export interface PrivilegeOptions {
  /**
   * With `true`, exec never gives more rights: set-user-ID programs and file capabilities have no effect. `no_new_privs`,
   * PR_SET_NO_NEW_PRIVS (Linux 3.5). Default: true with `seccomp`, and with `root`, else false.
   *
   * @see https://docs.kernel.org/userspace-api/no_new_privs.html
   */
  noNewPrivileges?: boolean;
  /**
   * The capabilities to keep: names of capabilities(7) with or without `CAP_`, in any case. The bounding, inheritable,
   * permitted, effective and ambient sets all become these, also for another `uid` than root's. `[]` drops all. Needs
   * CAP_SETPCAP, which root and a user namespace have. Default: all that the child would have.
   *
   * @see https://man7.org/linux/man-pages/man7/capabilities.7.html
   */
  capabilities?: readonly string[];
  /**
   * System calls that are refused. `'default'` (x64 and arm64): a list of what programs seldom need and what holds memory
   * that no cage counts, among it namespaces, keys, io_uring, and all sockets but those of Unix, TCP and UDP. Or a
   * seccomp filter of your own: a program of classic BPF as an array of struct sock_filter, 8 bytes for each instruction, in the
   * machine's byte order, as bubblewrap's `--seccomp` takes it and libseccomp exports it. The child installs it last, so
   * it must allow execve(2) and what the program needs. With `noNewPrivileges: false` the child installs it before it changes its
   * ids and capabilities, and needs CAP_SYS_ADMIN. Default: none.
   *
   * @see https://docs.kernel.org/userspace-api/seccomp_filter.html
   */
  seccomp?: Uint8Array | 'default';
}

/**
 * Namespaces of the child's own. Default of each: false, it shares the parent's. All but `user` need CAP_SYS_ADMIN. A
 * caller without it also gets a user namespace, as with `user: true`, unless `user` is `false`.
 */
export interface NamespaceOptions {
  /** Host and domain name. `hostname` is set before the program starts. */
  uts?:
    | boolean
    | {
        /** 1 to 64 bytes. Default: the parent's. */
        hostname?: string;
      };
  /** Mounts. Their propagation becomes private. */
  mount?: boolean;
  /** Process ids: the child is pid 1, or runs under an init that is. With `mount`, `/proc` is mounted anew. */
  pid?: boolean | PidNamespaceOptions;
  /** System V IPC objects and POSIX message queues. */
  ipc?: boolean;
  /** Network: it has only a loopback interface, which is up. */
  net?: boolean;
  /** Cgroups: the child sees its cage as the root. */
  cgroup?: boolean;
  /** Boot and monotonic clocks (Linux 5.6). */
  time?: boolean;
  /** Users and groups. With `true` the caller keeps its ids inside, and no other ids exist there. */
  user?: boolean | UserNamespaceOptions;
}

/** Options of a PID namespace. */
export interface PidNamespaceOptions {
  /**
   * Run an init of memcage as pid 1. It starts the program, reaps orphaned processes, passes signals on to the
   * program, and ends as the program ends. Without it the program itself is pid 1: it has to reap, and ignores
   * signals that it does not handle. Default: false.
   */
  init?: boolean;
}

/**
 * Who the child is in its user namespace.
 *
 * @see https://man7.org/linux/man-pages/man7/user_namespaces.7.html
 */
export interface UserNamespaceOptions {
  /** The caller's uid inside. Default: the same as outside. */
  uid?: number;
  /** The caller's gid inside. Default: the same as outside. */
  gid?: number;
  /**
   * Also map the caller's subordinate ids from /etc/subuid and /etc/subgid, by newuidmap(1) and newgidmap(1). Inside
   * they are the ids from 0 on, around `uid` and `gid`. Fails with ERR_MEMCAGE_NO_SUBORDINATE_IDS if there are none,
   * and with ERR_MEMCAGE_NO_NEWUIDMAP without the programs. Default: false.
   */
  subordinate?: boolean;
}

/**
 * The files that the child sees: a root directory of its own, in a mount namespace of its own. Without `path` it is the
 * caller's `/`, with what you change of it here. Needs Linux 5.6, and 5.12 with `readOnly`.
 *
 * @see docs/reference/files.md
 * @see https://man7.org/linux/man-pages/man2/pivot_root.2.html
 */
export interface RootOptions {
  /**
   * The directory that becomes `/`, absolute or relative to the working directory of this process. It gets a minimal
   * `/dev`, and a `/proc`; both directories must be in it. Default: `/` of this process, or an empty one with a tmpfs at `/`.
   */
  path?: string;
  /**
   * Nothing of it can be written to, nor of what is mounted in it: only a bind without `readOnly`, a tmpfs, `/proc` and the
   * minimal `/dev`. Default: false.
   */
  readOnly?: boolean;
  /** Files and directories of the caller's that are seen at other places. Default: none. */
  binds?: readonly RootBind[];
  /** Directories that are empty at first, and whose files are in memory of the child's cage. Default: none. */
  tmpfs?: readonly (string | RootTmpfs)[];
  /**
   * Absolute paths inside that the child can't look into: a directory is empty and read-only, a file is as /dev/null. A path
   * that is not there is skipped. Default: none.
   */
  hide?: readonly string[];
}

/** A file or directory of the caller's that the child sees elsewhere. */
export interface RootBind {
  /** Absolute, or relative to the working directory of this process. Symbolic links are followed. */
  source: string;
  /**
   * Absolute, inside the child's root: symbolic links do not lead out of it. It must be there, a directory for a directory
   * and a file for a file; below a tmpfs of `tmpfs` it is made.
   */
  target: string;
  /** The child can't write to it, nor to what is mounted in it. Default: false. */
  readOnly?: boolean;
}

/** A file system in memory. */
export interface RootTmpfs {
  /** Absolute, inside the child's root. It must be there, or below another tmpfs. `/` makes the root an empty one. */
  path: string;
  /** What its files may have together. Default: the kernel's, half of the machine's memory. The limit of the cage holds too. */
  size?: Size;
  /** Permissions of the directory, as a number or as octal text. Default: 0o1777, and of `/` 0o755. */
  mode?: number | string;
}
