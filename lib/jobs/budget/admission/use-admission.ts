import { type Admission, type AskingJob, type Capacity, LimitsAdmission, type RunningJob } from './admission';
import { type Relief, reliefFor } from './relief';
import { FORECAST_WINDOWS, type Forecast, UseForecast } from './use-forecast';
import { UseTrack } from './use-track';

/** How many standard deviations beside what jobs are expected to use together must fit. */
const DEVIATIONS = 2.3;
/** The same for one that is thawed. It holds its memory anyway, and the sooner it ends, the sooner that is free. */
const THAW_DEVIATIONS = 1.5;
/** The part of the memory that stays free of all jobs. Where less is free, one is frozen or evicted. */
const FREE_PART = 1 / 64;
const LEAST_FREE_BYTES = 16 * 1024 * 1024;
const MOST_FREE_PART = 1 / 8;
/** From a look at the use until a kill has freed memory, or jobs are frozen. What grows in it must fit in what is free. */
const REACTION_MS = 40;
/** Each eviction has this part of the memory be left free too, and each job that ends well gives some of it back. */
const CAUTION_PART = 1 / 16;
const MOST_CAUTION_PART = 1 / 2;
const CAUTION_KEEP = 0.97;
/** Nothing is admitted on older figures: while JavaScript was blocked, jobs may have grown. */
const STALE_MS = 1000;

/**
 * Jobs take what they are expected to use, so that more of them run than their limits allow. At times one is frozen, or has to go.
 */
export class UseAdmission implements Admission {
  readonly #forecast = new UseForecast();
  readonly #tracks = new Map<RunningJob, UseTrack>();
  /** Until the next look. */
  readonly #forecasts = new Map<RunningJob, Forecast>();
  readonly #evicted = new Set<RunningJob>();
  readonly #keptAwake = new WeakSet<RunningJob>();
  readonly #memoryBytes: number;
  readonly #allButMemory: LimitsAdmission;
  #usedBytes = 0;
  #shareBytes: number;
  /** Used by whatever is no job: what you started in the cage yourself, and what ended jobs left behind. */
  #strangeBytes = 0;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #growthPerMs = 0;
  #cautionPart = 0;

  /** @param capacity what the jobs share */
  constructor(capacity: Capacity) {
    this.#memoryBytes = capacity.memoryBytes;
    this.#shareBytes = capacity.memoryBytes;
    this.#allButMemory = new LimitsAdmission({ ...capacity, memoryBytes: Number.POSITIVE_INFINITY });
  }

  /** What the jobs can have together: the memory of the budget, or less if others leave less. */
  get shareBytes(): number {
    return this.#shareBytes;
  }

  admits(job: AskingJob, running: readonly RunningJob[], nowMs: number): boolean {
    if (running.length === 0) return true;
    const isStale = nowMs - this.#lookedMs > STALE_MS && running.some(({ isMeasured }) => isMeasured);
    if (isStale || !this.#allButMemory.admits(job, running)) return false;
    const all = [...running, job];
    if (this.#fitByLimits(all)) return true;
    // What a new one took would keep a frozen one waiting.
    if (all.some(({ byLimits }) => byLimits) || running.some(({ isFrozen }) => isFrozen)) return false;
    const sums = this.#sums(running);
    sums.add(job.isMeasured ? this.#forecast.ofFresh(job.need.memoryBytes) : job.need.memoryBytes);
    return sums.most(DEVIATIONS) <= this.#shareBytes * (1 - this.#cautionPart) - leastFreeBytes(this.#shareBytes);
  }

  reservedBytes(running: readonly RunningJob[]): number {
    if (running.length === 0) return 0;
    return Math.round(Math.min(limitsOf(running), this.#sums(running).most(DEVIATIONS)));
  }

  /** What to do next, by the last look. Ask again once it is done: {@link evicted}, or the job is frozen or thawed. */
  relief<J extends RunningJob>(running: readonly J[], usedBytes: number): Relief<J> | undefined {
    const leavingBytes = running.reduce((sum, job) => sum + (this.#evicted.has(job) ? job.usedBytes : 0), 0);
    const usedThenBytes = usedBytes - leavingBytes;
    const mostBytes = this.#shareBytes - leastFreeBytes(this.#shareBytes);
    const fitsByLimits = this.#fitByLimits(running);
    const isShort =
      usedThenBytes > this.#shareBytes - this.#freeBytes() || this.#sums(running).most(0) - leavingBytes > mostBytes;
    return reliefFor(
      running.filter((job) => job.isMeasured && !this.#evicted.has(job)),
      {
        isShort: isShort && !fitsByLimits,
        isFull: usedThenBytes > mostBytes,
        hasOthers: running.length > 1,
        canFreeze: (job) => !this.#keptAwake.has(job),
        fits: (job) => fitsByLimits || this.#sums(running, job).most(THAW_DEVIATIONS) <= mostBytes,
      },
    );
  }

  /** A job is not to be frozen (any more). */
  keepAwake(job: RunningJob): void {
    this.#keptAwake.add(job);
  }

  /**
   * Jobs have been looked at. Those that ran and are not among them have ended.
   *
   * @param use `usedBytes` in the budget, by whomever, without page cache that the kernel can drop; and how many `moreBytes`
   * the machine and the cgroups around the budget leave it. Default: all that it has
   */
  looked(
    running: readonly RunningJob[],
    { usedBytes, moreBytes = Number.POSITIVE_INFINITY }: { usedBytes: number; moreBytes?: number },
    nowMs: number,
  ): void {
    this.#shareBytes = Math.min(this.#memoryBytes, usedBytes + moreBytes);
    const growth = (usedBytes - this.#usedBytes) / (nowMs - this.#lookedMs);
    // A burst may pause.
    if (nowMs > this.#lookedMs) this.#growthPerMs = Math.max(0, growth, this.#growthPerMs / 2);
    this.#usedBytes = usedBytes;
    this.#lookedMs = nowMs;
    this.#forecasts.clear();
    this.#forgetEnded(new Set(running));
    this.#strangeBytes = Math.max(0, usedBytes - certainBytes(running));
    for (const job of running) {
      if (!job.isMeasured || job.isFrozen) continue;
      const track = this.#tracks.get(job) ?? new UseTrack();
      this.#tracks.set(job, track);
      if (job.mostUsedBytes > 0) track.looked(job.ranMs(nowMs), job.usedBytes);
    }
  }

  /**
   * A job has ended. Where nobody has looked at it, its peak is all that can be learned from, though that counts page cache too. Else
   * a budget whose jobs come and go between two looks would go by limits for ever: they are short, or JavaScript had no processor.
   *
   * @param peakBytes null if the kernel does not know it
   */
  ended(job: RunningJob, peakBytes: number | null, nowMs: number): void {
    if (peakBytes === null || this.#tracks.get(job)?.state !== undefined) return;
    const track = new UseTrack();
    track.looked(job.ranMs(nowMs), peakBytes);
    this.#tracks.set(job, track);
  }

  /** A job is being killed for the others. */
  evicted(job: RunningJob): void {
    this.#evicted.add(job);
    this.#cautionPart = Math.min(MOST_CAUTION_PART, this.#cautionPart + CAUTION_PART);
  }

  #forgetEnded(running: ReadonlySet<RunningJob>): void {
    for (const [job, track] of this.#tracks) {
      if (running.has(job)) continue;
      this.#tracks.delete(job);
      // What an evicted one would have used will show when it runs again.
      if (this.#evicted.delete(job)) continue;
      this.#cautionPart *= CAUTION_KEEP;
      this.#forecast.learn(track);
    }
  }

  /** Whether the limits of these jobs fit together: then nothing that they do can make memory short. */
  #fitByLimits(jobs: readonly AskingJob[]): boolean {
    return limitsOf(jobs) + this.#strangeBytes <= this.#shareBytes - leastFreeBytes(this.#shareBytes);
  }

  /** @param thawed one that is frozen, but counts as if it were not */
  #sums(running: readonly RunningJob[], thawed?: RunningJob): Sums {
    const sums = new Sums(certainBytes(running) + this.#strangeBytes);
    for (const job of running) {
      const mayGrow = job.isMeasured && (!job.isFrozen || job === thawed);
      sums.add(mayGrow ? this.#forecastOf(job) : certainBytesOf(job));
    }
    sums.add(this.#strangeBytes);
    return sums;
  }

  #forecastOf(job: RunningJob): Forecast {
    const known = this.#forecasts.get(job);
    if (known !== undefined) return known;
    const track = this.#tracks.get(job);
    const limitBytes = job.need.memoryBytes;
    const forecast = track === undefined ? this.#forecast.ofFresh(limitBytes) : this.#forecast.of(track, limitBytes);
    this.#forecasts.set(job, forecast);
    return forecast;
  }

  #freeBytes(): number {
    const burstBytes = Math.min(this.#growthPerMs * REACTION_MS, this.#shareBytes * MOST_FREE_PART);
    return Math.max(leastFreeBytes(this.#shareBytes), burstBytes);
  }
}

/** What jobs are to leave free of a budget, in bytes. */
export function leastFreeBytes(memoryBytes: number): number {
  return Math.min(memoryBytes * MOST_FREE_PART, Math.max(memoryBytes * FREE_PART, LEAST_FREE_BYTES));
}

function limitsOf(jobs: readonly AskingJob[]): number {
  return jobs.reduce((sum, { need }) => sum + need.memoryBytes, 0);
}

/** What is taken now. */
function certainBytes(running: readonly RunningJob[]): number {
  return running.reduce((sum, job) => sum + certainBytesOf(job), 0);
}

/** What is used, or the limit of a job that can't be measured. */
function certainBytesOf({ isMeasured, usedBytes, need }: RunningJob): number {
  return isMeasured ? usedBytes : need.memoryBytes;
}

/** What jobs are expected to use together, window by window. Each look asks it of each job: it makes no lists of its own. */
class Sums {
  readonly #means = new Float64Array(FORECAST_WINDOWS);
  readonly #variances = new Float64Array(FORECAST_WINDOWS);
  #certainBytes = 0;

  /** @param leastBytes what they use however good the prospects are */
  constructor(private readonly leastBytes: number) {}

  /** @param use what one uses; a number is certain */
  add(use: Forecast | number): void {
    if (typeof use === 'number') {
      this.#certainBytes += use;
      return;
    }
    for (let window = 0; window < FORECAST_WINDOWS; window += 1) {
      this.#means[window] = (this.#means[window] ?? 0) + (use.means[window] ?? 0);
      this.#variances[window] = (this.#variances[window] ?? 0) + (use.variances[window] ?? 0);
    }
  }

  /** What they will hardly exceed in any window, in bytes: the more deviations, the more hardly. */
  most(deviations: number): number {
    let most = this.leastBytes;
    for (let window = 0; window < FORECAST_WINDOWS; window += 1) {
      const mean = this.#certainBytes + (this.#means[window] ?? 0);
      most = Math.max(most, mean + deviations * Math.sqrt(this.#variances[window] ?? 0));
    }
    return most;
  }
}
