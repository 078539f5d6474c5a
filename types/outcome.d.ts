/** A process that the kernel has killed for memory. */
export interface OomVictim {
  /** As its parent knew it. */
  pid: number;
  /** Its `comm`, see proc(5): the first 15 bytes of the file's name, unless it has chosen another. */
  name: string;
}

/** What the kernel says about a child that was killed for memory. */
export interface OomVerdict {
  /**
   * Whose limit it was:
   * - `limit`: the cage's own.
   * - `cage`: that of a cage of memcage around it.
   * - `ancestor`: that of a cgroup above all of these.
   * - `descendant`: that of a cgroup which the child, or someone else, made inside the cage.
   * - `system`: no cgroup's limit, the machine had no memory left.
   * - `unknown`: the kernel does not tell, because the cgroup that had the counts is gone or out of sight.
   */
  cause: 'limit' | 'cage' | 'ancestor' | 'descendant' | 'system' | 'unknown';
  /**
   * Processes that the kernel killed for memory in the cage and below it, by its own count (`oom_kill`), in which the
   * first one of a group kill (`oomGroup`) may be twice. 0 only with `unknown`.
   */
  kills: number;
  /**
   * That limit in bytes, as it was at the end of the child. `null` where it is nobody's, not known which one it was, or not there
   * any more.
   */
  limitBytes: number | null;
  /** Absolute path of the cgroup that has the limit, which may be gone by now. `null` as above, or where it can't be seen. */
  path: string | null;
  /**
   * Who was killed, as far as the kernel tells, oldest first. It logs that in `/dev/kmsg`, for who may read it (root, or
   * CAP_SYSLOG where `kernel.dmesg_restrict` is 1) outside of containers, and not more than ten times in five seconds. Elsewhere
   * it is known of the child itself alone. `null` where it is not known of any.
   */
  victims: readonly OomVictim[] | null;
}

/** Memory of a cage over its whole life. */
export interface MemoryReport {
  /** The limit as the kernel took it (rounded down to whole pages), in bytes. `Infinity` when there was none. */
  limitBytes: number;
  /**
   * Highest use of the cage, page cache included, in bytes: `memory.peak` (v2, Linux 5.19) or
   * `memory.max_usage_in_bytes` (v1). It stops at the limit. `null` where the kernel does not record it.
   */
  peakBytes: number | null;
  /** Whether swap was limited, or there was none. `false`: the cage could use more memory than its limit, by swapping. */
  swapLimited: boolean;
  /** With the option `memoryDetails` alone. */
  details?: MemoryDetails;
}

/** What else the kernel has counted of a cage over its whole life; `null` where it does not. */
export interface MemoryDetails {
  /** `memory.high` (v2) as the kernel took it, in bytes. `Infinity` when there was none. */
  highBytes: number | null;
  /**
   * How often the use was about to go over the limit: `max` of `memory.events` (v2), `memory.failcnt` and
   * `memory.memsw.failcnt` (v1). `null` where v1 has been at the limit and counted nothing, as newer kernels do when memory
   * and swap together have the same limit.
   */
  limitHits: number | null;
  /** How often it was throttled and reclaimed from, above `high`: `high` of `memory.events` (v2). */
  highHits: number | null;
  /** Highest use of swap, in bytes: `memory.swap.peak` (v2, Linux 6.5). */
  swapPeakBytes: number | null;
  /** How long processes were stalled for want of memory: `memory.pressure` (v2, Linux 4.20, CONFIG_PSI). */
  stall: StallReport | null;
}

/** Time in which processes could not go on for want of memory, in milliseconds. */
export interface StallReport {
  /** At least one of them. */
  someMs: number;
  /** All of those that had something to do. */
  fullMs: number;
}

/** The JavaScript heap of a Node child that memcage has limited. */
export interface NodeHeapReport {
  /** What was set as `--max-old-space-size`, in bytes. */
  limitBytes: number;
  /**
   * Whether V8 has ended the child there:
   * - `no`: the child did not abort.
   * - `likely`: it aborted, as V8 does at the limit, nothing was killed for memory, and its cage had held so much memory that
   *   it can have been that. V8 says so on the child's stderr, which is the proof.
   * - `unknown`: it aborted, or as pid 1 crashed, and the rest does not fit, or isn't known.
   */
  exhausted: 'no' | 'likely' | 'unknown';
}

/** Processor time of the child and of those of its descendants that were waited for, in milliseconds. */
export interface CpuReport {
  /** In their own code. */
  userMs: number;
  /** In the kernel, for them. */
  systemMs: number;
}

/** Page faults of the child and of those of its descendants that were waited for. */
export interface FaultReport {
  /** Without reading from a disk. */
  minor: number;
  /** With. */
  major: number;
}

/** What became of a child. `M` is null for one without a cage, of whose memory the kernel keeps no account. */
export interface Outcome<M extends MemoryReport | null = MemoryReport> {
  /** `null` when a signal ended it, when it never started, or when how it ended could not be had. */
  exitCode: number | null;
  /** The signal that ended it, else `null`. */
  signal: NodeJS.Signals | null;
  /** `null` unless the kernel killed the child, or a process of its cage, for memory. Never derived from `exitCode`. */
  oom: OomVerdict | null;
  /** `null` unless memcage has limited the JavaScript heap of the child. */
  nodeHeap: NodeHeapReport | null;
  /** Of the cage, not of the child alone; `null` without one. */
  memory: M;
  /** Processor time. */
  cpu: CpuReport;
  /** How often its memory had to be put in place. */
  faults: FaultReport;
  /** From the call to the end of the child, in milliseconds of monotonic time. */
  durationMs: number;
  /**
   * Why it did not start, or ended early: the spawn error, the abort, the timeout; or why it is not known how it ended. Left
   * out otherwise.
   */
  error?: Error;
}
