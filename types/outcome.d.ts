import type { StallSign } from './native';
import type { Enforce } from './options';

/** What holds the limits of a cage. */
export interface EnforcedBy {
  /** See {@link Enforce}. */
  kind: Enforce;
  /** Why it is not the kernel: the code and the message of its refusal. `null` with `kernel`. */
  reason: string | null;
}

/** A process that was killed for memory. */
export interface OomVictim {
  /** Its pid as its parent knew it. */
  pid: number;
  /** Its `comm`, see proc(5): the first 15 bytes of the file's name, unless it has chosen another. */
  name: string;
}

/** What is known about a child that was killed for memory. The kernel says it, except for a cage that is polled. */
export interface OomVerdict {
  /**
   * All that as a sentence without a full stop, for logs and people: which processes were killed, and for whose memory limit.
   * `node (pid 71) was killed for its memory limit of 100 MiB`. Safe to print on a terminal. Its words may change.
   */
  message: string;
  /**
   * Whose limit was exceeded:
   * - `limit`: the cage's own.
   * - `cage`: the limit of a memcage cage around it.
   * - `ancestor`: the limit of a cgroup above all cages.
   * - `descendant`: the limit of a cgroup that the child, or someone else, made inside the cage.
   * - `system`: no cgroup's limit; the machine ran out of memory.
   * - `polled`: the limit of the cage, or of a cage around it, which memcage saw exceeded, and killed everything in it.
   *   Only where the kernel can't hold the limit: {@link Enforce}.
   * - `refused`: nothing was killed. The child failed by itself while it was so near to such a limit, and so fast, that the kernel
   *   was to refuse it more memory. Perhaps it did: only the program knows.
   * - `unknown`: the kernel does not tell, because the cgroup with the counts is gone or out of sight.
   */
  cause: 'limit' | 'cage' | 'ancestor' | 'descendant' | 'system' | 'polled' | 'refused' | 'unknown';
  /**
   * How many processes the kernel killed for memory in the cage and below it, by its own count (`oom_kill`). That
   * count may include the first process of a group kill (`oomGroup`) twice. 0 only with `refused` and `unknown`.
   */
  kills: number;
  /**
   * The limit that was exceeded, in bytes, as it was when the child ended. `null` if it is no cgroup's limit, or if
   * memcage does not know which limit it was, or if it is gone.
   */
  limitBytes: number | null;
  /**
   * Absolute path of the cgroup with that limit, which may be gone by now. `null` as above, or if the path can't be
   * seen.
   */
  path: string | null;
  /**
   * The processes that were killed, as far as the kernel tells, oldest first. The kernel logs them in `/dev/kmsg`, at
   * most ten times in five seconds, for a reader outside of containers that is root, or has CAP_SYSLOG where
   * `kernel.dmesg_restrict` is 1. Otherwise memcage can tell only about the child itself. `null` if no victim is
   * known.
   */
  victims: readonly OomVictim[] | null;
}

/** Memory use of a cage over its whole life. */
export interface MemoryReport {
  /** The limit as the kernel took it (rounded down to whole pages), in bytes. `Infinity` if there was none. */
  limitBytes: number;
  /**
   * Highest memory use of the cage, including page cache, in bytes: `memory.peak` (v2, Linux 5.19) or
   * `memory.max_usage_in_bytes` (v1). It stops at the limit. `null` if the kernel does not record it.
   */
  peakBytes: number | null;
  /** Whether swap was limited, or there was none. `false`: the cage could exceed its memory limit by swapping. */
  swapLimited: boolean;
  /** `null` without the option `memoryDetails`. */
  details: MemoryDetails | null;
}

/** What else the kernel counted for a cage over its whole life; `null` for what it does not count. */
export interface MemoryDetails {
  /** `memory.high` (v2) as the kernel took it, in bytes. `Infinity` if there was none. */
  highBytes: number | null;
  /**
   * How often the cage was about to exceed the limit: `max` of `memory.events` (v2), `memory.failcnt` and
   * `memory.memsw.failcnt` (v1). `null` if a v1 cage reached the limit but the kernel counted nothing, as newer
   * kernels do when memory and swap together have the same limit.
   */
  limitHits: number | null;
  /** How often the kernel throttled the cage above `high` and reclaimed from it: `high` of `memory.events` (v2). */
  highHits: number | null;
  /** Highest swap use, in bytes: `memory.swap.peak` (v2, Linux 6.5). */
  swapPeakBytes: number | null;
  /** How long processes waited for memory: `memory.pressure` (v2, Linux 4.20, CONFIG_PSI). */
  pressure: StallReport | null;
}

/** How long processes were stalled because memory was short, in milliseconds. */
export interface StallReport {
  /** Time in which at least one process was stalled. */
  someMs: number;
  /** Time in which all processes with work to do were stalled. */
  fullMs: number;
}

/** The JavaScript heap of a Node child that memcage limited. */
export interface NodeHeapReport {
  /** The value of `--max-old-space-size`, in bytes. */
  limitBytes: number;
  /**
   * Whether V8 ended the child at that limit:
   * - `no`: the child did not abort.
   * - `likely`: it aborted, as V8 does at the limit; nothing was killed for memory; and its cage had held enough
   *   memory for that. The proof is V8's message on the child's stderr.
   * - `unknown`: it aborted, or crashed as pid 1, but the rest does not fit or isn't known.
   */
  exhausted: 'no' | 'likely' | 'unknown';
}

/** Processor time of the child and of the descendants that were waited for, in milliseconds. */
export interface CpuReport {
  /** Time in user mode. */
  userMs: number;
  /** Time in the kernel. */
  systemMs: number;
}

/** Page faults of the child and of the descendants that were waited for. */
export interface FaultReport {
  /** Faults without I/O. */
  minor: number;
  /** Faults that had to read from a disk. */
  major: number;
}

/** What became of a limit of processes. */
export interface PidsReport {
  /** The limit, `pids.max`. `Infinity` if they were only counted. */
  limit: number;
  /**
   * How often a process or thread was refused for it, by the kernel's count in `pids.events`. Before Linux 6.11 the kernel
   * counts that in the cgroup that forks: those in a cgroup that the child made within its own are missing then. `null`
   * if the kernel does not tell.
   */
  limitHits: number | null;
  /** The most at a time: `pids.peak` (Linux 6.6). `null` if the kernel does not record it. */
  peak: number | null;
}

/** What became of limits of the processor. Times are in milliseconds. */
export interface CpuLimitReport {
  /** The limit in processors. `Infinity` if there was none. */
  limit: number;
  /** For how long processes that could have run had to wait for `max`. `null` if the kernel does not tell. */
  throttledMs: number | null;
  /** The processor time of all processes of the cage, ended ones included. `null` if the kernel does not tell. */
  usedMs: number | null;
}

/** What became of a limit of the processor time that a whole cage may use. Times are in milliseconds. */
export interface CpuTimeReport {
  /** The limit. */
  limitMs: number;
  /** The processor time of all processes of the cage, ended ones included, since the cage was made. */
  usedMs: number;
  /** Whether the limit was reached. memcage kills everything in the cage then; `error` of the outcome says if it could not. */
  hit: boolean;
}

/**
 * What became of the limits other than memory, each `null` if nobody asked for it: of the child's own cage, else of the nearest
 * cage around it that has this limit. The counts are of that whole cage, since it was made.
 */
export interface LimitsReport {
  /** Of the option `pids`. */
  pids: PidsReport | null;
  /** Of the option `cpu`. */
  cpu: CpuLimitReport | null;
  /** Of the option `cpuTimeMs`; of a cage further out if its limit was the one that was reached. */
  cpuTime: CpuTimeReport | null;
}

/** What is known of a cage that got nowhere because of memory, for as long as its option `stall` says. */
export interface StallVerdict {
  /** The limit as it was then, in milliseconds. */
  limitMs: number;
  /** For how long the cage got nowhere, in milliseconds. The limit, if a shared cage had got nowhere for longer before. */
  stalledMs: number;
  /** What told so, see `StallEvent`. */
  toldBy: StallSign;
  /** Whether memcage killed everything in the cage for it, if only after the kernel had refused to. */
  killed: boolean;
}

/** The kind of memory that a cage holds most of. */
export type EvidenceKind =
  /** Heaps, buffers and stacks of programs: memory of no file. */
  | 'anonymous'
  /** Shared memory that processes have mapped. */
  | 'shared'
  /** Files in tmpfs, as in /dev/shm. */
  | 'tmpfs'
  /** What the kernel keeps for the processes: sockets, pipes, page tables. */
  | 'kernel'
  /** What was swapped out. */
  | 'swap';

/** What filled the memory of a cage, in short. The report in `path` has it all. */
export interface Evidence {
  /** The directory with the report, `report.html` and `report.json`; `null` if it could not be written: `message` says why. */
  path: string | null;
  /** What the cage held most of. */
  kind: EvidenceKind;
  /** The process that held most; `null` if none could be read. */
  pid: number | null;
  /** The name of that process, proc(5). */
  name: string | null;
  /** What the cage held and the kernel can't reclaim, in bytes. */
  heldBytes: number;
  /** What it could hold: its limit of memory, and of swap as far as there is any, in bytes. */
  limitBytes: number;
  /** For how long the cage was stopped, in milliseconds. */
  frozenMs: number;
  /** When, in milliseconds since the epoch. */
  timeMs: number;
  /** All that in three lines, safe to print on a terminal. Their words may change. */
  message: string;
}

/** What a child of {@link run} wrote. */
export interface RunOutput<T extends string | Buffer = string | Buffer> {
  /**
   * What the child, and processes that inherited its stdout, wrote to it: text, or a Buffer with `encoding: 'buffer'`.
   */
  stdout: T;
  /** What they wrote to stderr, in the same form. */
  stderr: T;
}

/** What became of a child. `M` is null for a child without a cage: the kernel keeps no account of its memory. */
export interface Outcome<M extends MemoryReport | null = MemoryReport> {
  /** `null` if a signal ended it, if it never started, or if its exit status could not be read. */
  exitCode: number | null;
  /** The signal that ended it, or `null`. */
  signal: NodeJS.Signals | null;
  /**
   * `null` unless the kernel killed the child, or another process in its cage, for memory; or memcage did so, or perhaps had it
   * refused memory, if the cage is polled. Otherwise never derived from `exitCode`.
   */
  oom: OomVerdict | null;
  /** What held the limits of its cage; `null` without a cage, also if the child failed before it had one. */
  enforcedBy: EnforcedBy | null;
  /** `null` unless memcage limited the JavaScript heap of the child. */
  nodeHeap: NodeHeapReport | null;
  /** Memory of the whole cage, not of the child alone; `null` without a cage. */
  memory: M;
  /** What became of the limits other than memory. */
  limits: LimitsReport;
  /**
   * `null` unless the child's cage, or a cage around it, got nowhere because of memory for as long as its option `stall` says,
   * while the child was there.
   */
  stalled: StallVerdict | null;
  /**
   * What filled its memory: that of the last report on its cage, or on a cage around it, while the child was there. `null` without
   * the option `evidence`, if the memory was never that full, and if it filled up too fast for memcage.
   */
  evidence: Evidence | null;
  /**
   * Processor time. `null` of a child that Node itself has run, which does not tell: where the addon does not load, and of a
   * synchronous function without options of memcage.
   */
  cpu: CpuReport | null;
  /** Page faults. `null` in the same cases. */
  faults: FaultReport | null;
  /** From the call to the end of the child, in milliseconds of monotonic time. */
  durationMs: number;
  /**
   * Why the child did not start or was ended early (the spawn error, the abort, the `timeout` of `run`), what the kernel refused when
   * memcage was to kill it at the limit `cpuTimeMs` or `stall`, or to tell of stalls, that a limit was taken away, or why
   * nobody knows how it ended. `null` otherwise.
   */
  error: Error | null;
}
