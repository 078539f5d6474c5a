/**
 * A number of bytes, or text with a unit: `'100M'`, `'100MB'`, `'100MiB'`, `'1.5 GiB'`; K, M, G, T and P are powers of 1024, upper or
 * lower case, as Docker has them. `'max'`, `'unlimited'` and `Infinity` mean unlimited. The kernel rounds down to whole pages.
 */
export type Size = number | string;

/**
 * The limits of a memory cgroup. What is left out is not touched, save for `swap`.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
 */
export interface MemoryLimits {
  /**
   * Hard limit: memory that can't be reclaimed below it brings the OOM killer. At least one page.
   * `memory.max` (v2), `memory.limit_in_bytes` (v1). Default: unlimited.
   */
  max?: Size;
  /**
   * Swap alone, on both versions. `memory.swap.max` (v2); on v1 `memory.memsw.limit_in_bytes` gets `max + swap`, so that
   * `swap` needs a `max` there. Default: 0 when `max` is first set and swap can be limited. Asked for where the kernel
   * has no swap accounting it is an error, `ERR_MEMCAGE_NO_SWAP_ACCOUNTING`.
   */
  swap?: Size;
  /** v2: above this much swap the cgroup is throttled, never killed. `memory.swap.high` (Linux 5.8). Default: unlimited. */
  swapHigh?: Size;
  /**
   * v2: how much compressed memory the cgroup may have in zswap; 0: none, all of its swap goes to the disk.
   * `memory.zswap.max` (Linux 5.19, CONFIG_ZSWAP). Default: unlimited.
   */
  zswap?: Size;
  /** v2: above it the cgroup is throttled and reclaimed from, never killed. `memory.high`. Default: unlimited. */
  high?: Size;
  /** v2: memory below it is reclaimed only when nothing unprotected is left. `memory.low`. Default: 0. */
  low?: Size;
  /** v2: memory below it is never reclaimed. `memory.min`. Default: 0. */
  min?: Size;
  /** v1: what it is pushed back to when the machine is short. `memory.soft_limit_in_bytes`. Default: unlimited. */
  soft?: Size;
  /**
   * v1: 0 (avoid swapping) to 100 (200 since Linux 5.8: prefer swapping). `memory.swappiness`. Default: the parent's.
   */
  swappiness?: number;
  /**
   * v2: on OOM kill every process of the cgroup, not one. `memory.oom.group` (Linux 4.19); processes with oom_score_adj
   * -1000 are spared. Default: false.
   */
  oomGroup?: boolean;
  /**
   * v1: `false` makes processes wait at the limit for memory to be freed, instead of being killed.
   * `memory.oom_control`. Default: the parent's, in general true.
   */
  oomKill?: boolean;
}

/** A `max`, or several limits. */
export type MemoryOption = Size | MemoryLimits;

/**
 * The limit of the JavaScript heap of a Node child, `--max-old-space-size`: a size, which is rounded down to MiB; `'auto'`,
 * from the limit of its cage; or `false`, for none from memcage.
 */
export type NodeHeapOption = 'auto' | Size | false;

/**
 * Namespaces that the child gets for itself. Default of each: false, the parent's. All but `user` need CAP_SYS_ADMIN; a
 * caller without it gets a user namespace along with them, as with `user: true`, unless `user` is `false`.
 */
export interface NamespaceOptions {
  /** Host and domain name; the `hostname` is set before the program starts. */
  uts?:
    | boolean
    | {
        /** 1 to 64 bytes. Default: the parent's. */
        hostname?: string;
      };
  /** Mounts; their propagation becomes private. */
  mount?: boolean;
  /** Process ids: the child is pid 1, or that of an init. With `mount`, `/proc` is mounted anew. */
  pid?: boolean | PidNamespaceOptions;
  /** System V IPC objects and POSIX message queues. */
  ipc?: boolean;
  /** Network: only a loopback interface, which is up. */
  net?: boolean;
  /** Cgroups: the cage is the root that the child sees. */
  cgroup?: boolean;
  /** Boot and monotonic clocks (Linux 5.6). */
  time?: boolean;
  /** Users and groups. With `true` the caller's own ids are the same inside, and no others exist there. */
  user?: boolean | UserNamespaceOptions;
}

/** What more a PID namespace may have. */
export interface PidNamespaceOptions {
  /**
   * Pid 1 is an init of memcage, which starts the program, reaps the processes that have lost their parent, passes signals
   * on to the program, and ends as it ends. A program that is pid 1 itself has to reap, and ignores signals that it does
   * not handle. Default: false.
   */
  init?: boolean;
}

/**
 * Who the child is in its user namespace.
 *
 * @see https://man7.org/linux/man-pages/man7/user_namespaces.7.html
 */
export interface UserNamespaceOptions {
  /** What the caller's uid becomes inside. Default: the same as outside. */
  uid?: number;
  /** What the caller's gid becomes inside. Default: the same as outside. */
  gid?: number;
  /**
   * Map the caller's subordinate ids too, of /etc/subuid and /etc/subgid, by newuidmap(1) and newgidmap(1): they are the
   * ids from 0 on inside, around `uid` and `gid`. Without any: ERR_MEMCAGE_NO_SUBORDINATE_IDS; without the programs:
   * ERR_MEMCAGE_NO_NEWUIDMAP. Default: false.
   */
  subordinate?: boolean;
}
