import { Histogram } from './histogram';

/**
 * What a job says weighs half as much after 50 later jobs with its key. In the long run 72 count then, of which p95 leaves out the
 * three or four largest. With 20 it would be the largest but one, and go up and down with each; with 200 a program that got smaller would
 * keep its limit for days of work.
 */
const HALF_LIFE_JOBS = 50;
/** A history also weighs half as much after a week: a program that nobody has run since may be another one by now, so that few jobs count, and caution is back. */
const HALF_LIFE_MS = 7 * 24 * 3600 * 1000;
/** More than there ever are: 72, as each of many jobs leaves 0.986 of what was. */
export const MOST_JOBS = 1000;

/** What one job adds. */
export interface LearnedPeak {
  bytes: number;
  weight: number;
  /** When the job ended, in milliseconds since the epoch. */
  timeMs: number;
}

/** What is known of the jobs with one key. */
export class KeyHistory {
  /**
   * @param lastMs when the last job ended, in milliseconds since the epoch
   * @param jobs how many there were, each by what it still weighed then
   */
  constructor(
    public lastMs: number,
    public jobs = 0,
    readonly needs = new Histogram(),
  ) {}

  learn({ bytes, weight, timeMs }: LearnedPeak): void {
    const factor = 2 ** (-1 / HALF_LIFE_JOBS) * fading(timeMs - this.lastMs);
    this.needs.decay(factor);
    this.needs.add(bytes, weight);
    this.jobs = this.jobs * factor + 1;
    this.lastMs = Math.max(this.lastMs, timeMs);
  }

  /** How many jobs still count at this time. */
  jobsAt(timeMs: number): number {
    return this.jobs * fading(timeMs - this.lastMs);
  }
}

/** A clock that was set back, or a sample of another process that comes late, makes nothing weigh more. */
function fading(sinceMs: number): number {
  return 2 ** (-Math.max(0, sinceMs) / HALF_LIFE_MS);
}
