/** One attempt at a job, as it ended. */
export interface Attempt {
  limitBytes: number;
  /** Whether the kernel killed in it for this limit. */
  wasKilled: boolean;
  /** Highest use as the kernel recorded it, page cache included, never more than the limit; null if it recorded none. */
  peakBytes: number | null;
  /** The most that it was seen to use without page cache that the kernel can drop; null if it was never looked at. */
  mostUsedBytes: number | null;
  durationMs: number;
}

/** How much memory jobs need, by their key. */
export interface Learner {
  /** The limit for the next job with this key, in bytes; undefined if nothing is known. */
  limitFor(key: string): number | undefined;
  /** The limit to try after a kill; undefined if there is nothing more to try. */
  limitAfterKill(key: string, limitBytes: number, attempt: number): number | undefined;
  /** Learn from an attempt that has ended. */
  record(key: string, attempt: Attempt): void;
  /** Keep what was learned, if there is a file for it. */
  close(): Promise<void>;
}
