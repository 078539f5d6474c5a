/** The last attempt at a job, as it ended. */
export interface Attempt {
  limitBytes: number;
  /** Whether the kernel killed in it for this limit. */
  wasKilled: boolean;
  /** Whether something else than its own memory ended it before its time: an abort, a timeout, the budget. */
  wasCut: boolean;
  /** The highest limit for which an attempt at the same job was killed before this one; null if none was. */
  killedAtBytes: number | null;
  /** Highest use as the kernel recorded it, page cache included, never more than the limit; null if it recorded none. */
  peakBytes: number | null;
  /** The most that it was seen to use without page cache that the kernel can drop; null if it was never looked at. */
  mostUsedBytes: number | null;
  durationMs: number;
}

/** How much memory jobs need, by their key. */
export interface Learner {
  /** The limit for the next job with this key, in bytes; undefined if nothing is known of the key. */
  limitFor(key: string): number | undefined;
  /** The limit for a job with a key of which nothing is known, if it says nothing itself, in bytes. */
  firstLimit(): number;
  /**
   * The limit to try after a kill, in bytes; undefined if there is nothing more to try.
   *
   * @param kills how often an attempt at this job was killed for its limit, 1 or more
   */
  limitAfterKill(key: string, limitBytes: number, kills: number): number | undefined;
  /** Learn from a job that does not start again. */
  record(key: string, last: Attempt): void;
  /** Keep what was learned, if there is a file for it. Rejects if that can't be done. */
  close(): Promise<void>;
}
