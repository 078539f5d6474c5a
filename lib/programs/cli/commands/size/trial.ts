/** What one run of the command told. Sizes are in bytes, times in milliseconds. */
export interface Trial {
  /** `Infinity` without a limit. */
  limitBytes: number;
  durationMs: number;
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  oomKills: number;
  /** Whether it was ended since it got nowhere because of memory. */
  isStalled: boolean;
  /** Whether it was ended since it took too long. */
  isCut: boolean;
  isHeapExhausted: boolean;
  /** How long processes were stalled for want of memory; null where the kernel does not tell. */
  stallMs: number | null;
  /** Processor time. */
  cpuMs: number;
  majorFaults: number;
  /** How many pages were read again after the kernel had dropped them; null where it does not tell. */
  refaults: number | null;
  peakBytes: number;
  /** The program memory: about the most of programs and of the kernel, without page cache; undefined if there were no samples. */
  programBytes: number | undefined;
  /** Why it was not started. */
  error: string | undefined;
}
