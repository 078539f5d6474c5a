import type { RunningRecord } from './room-ledger';
import { type Doings, Stillness } from './stillness';
import type { UseAdmission } from './use-admission';

/** What can be done with running jobs. */
export interface JobControl {
  /**
   * Stops all processes of a job, or lets them run on. Does not wait for that.
   *
   * @returns false if it can't be stopped
   */
  setFrozen(job: RunningRecord, isFrozen: boolean): boolean;
  /** Kills a job for the others. */
  evict(job: RunningRecord): void;
  /** Whether somebody has sent a job a signal, which it may take only when it runs. */
  hasSignal(job: RunningRecord): boolean;
  /** What the jobs do together that are not frozen. */
  doings(): Doings;
}

/** Carries out after each look what {@link UseAdmission.relief} says. */
export class Reliever {
  readonly #stillness = new Stillness();

  constructor(
    private readonly admission: UseAdmission,
    private readonly jobs: JobControl,
  ) {}

  relieve(running: readonly RunningRecord[], usedBytes: number, nowMs: number): void {
    const { admission, jobs } = this;
    this.#thawAwaited(running, nowMs);
    for (;;) {
      const relief = admission.relief(running, usedBytes);
      if (relief === undefined) return;
      const { step, job } = relief;
      this.#stillness.begin();
      if (step === 'thaw') this.#thaw(job, nowMs);
      else if (step === 'evict') {
        admission.evicted(job);
        jobs.evict(job);
      } else if (jobs.setFrozen(job, true)) job.froze(nowMs);
      else admission.keepAwake(job);
    }
  }

  /** Those that were sent a signal, and maybe one whose answer others wait for, go on. */
  #thawAwaited(running: readonly RunningRecord[], nowMs: number): void {
    const { admission, jobs } = this;
    const frozen = running.filter(({ isFrozen }) => isFrozen);
    const awaited = frozen.filter((job) => jobs.hasSignal(job));
    const [oldest] = frozen;
    if (oldest === undefined) this.#stillness.begin();
    else if (this.#stillness.looked(jobs.doings(), nowMs)) awaited.push(oldest);
    for (const job of awaited) {
      admission.keepAwake(job);
      this.#thaw(job, nowMs);
    }
  }

  #thaw(job: RunningRecord, nowMs: number): void {
    this.jobs.setFrozen(job, false);
    job.thawed(nowMs);
  }
}
