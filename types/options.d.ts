/**
 * A number of bytes, or a string of digits with an optional K, M, G or T (powers of 1024, upper or lower case), as the
 * kernel and Docker take them. `'max'` and `Infinity` mean unlimited. The kernel rounds down to whole pages.
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

/** Namespaces that the child gets for itself. Default of each: false, the parent's. */
export interface NamespaceOptions {
  /** Host and domain name; `hostname` is set before the program starts. */
  uts?: boolean | { hostname?: string };
  /** Mounts; their propagation becomes private. */
  mount?: boolean;
  /** Process ids: the child is pid 1. With `mount`, `/proc` is mounted anew. */
  pid?: boolean;
  /** System V IPC objects and POSIX message queues. */
  ipc?: boolean;
  /** Network: only a loopback interface, which is up. */
  net?: boolean;
  /** Cgroups: the cage is the root that the child sees. */
  cgroup?: boolean;
  /** Boot and monotonic clocks (Linux 5.6). */
  time?: boolean;
  /** Users; `uid` and `gid` are what the caller's own become inside. Default: the same as outside. No others exist there. */
  user?: boolean | { uid?: number; gid?: number };
}
