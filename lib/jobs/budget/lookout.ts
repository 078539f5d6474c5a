import { cpus } from 'node:os';
import { isGone, refusedWith } from '../../cgroup/directory/refusal';
import { cancel, later, outsideOfCalls } from '../../common/event-loop/timers';
import type { MeteredBudget, UseMeter } from './admission/eviction';
import { LookPace } from './admission/look-pace';
import type { UseAdmission } from './admission/use-admission';
import { Surroundings } from './available-memory';
import { UsageAlarms } from './usage-alarms';
import { UseReader } from './use-reader';

/** After a start or an end. */
const SOON_MS = 10;

/** Looks at what jobs use, the more often the less memory is free. Looks at nothing while no job runs. */
export class AdaptiveUseMeter implements UseMeter {
  readonly #reader: UseReader;
  readonly #alarms: UsageAlarms;
  readonly #around: Surroundings;
  readonly #pace = new LookPace(cpus().length);
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #isStopped = false;

  /** @param admission what decides by the use; undefined if it is only measured */
  constructor(
    private readonly budget: MeteredBudget,
    private readonly memoryBytes: number,
    private readonly admission: UseAdmission | undefined,
  ) {
    this.#reader = new UseReader(budget.cgroup.version);
    this.#around = new Surroundings(budget.cgroup);
    this.#alarms = new UsageAlarms(budget.cgroup, memoryBytes, () => this.#look());
    if (admission === undefined) return;
    this.#lookedAtNone(admission);
    this.#around.end();
  }

  jobStarted(): void {
    if (this.#isStopped) return;
    this.#alarms.begin();
    this.#lookIn(SOON_MS);
  }

  jobEnded(): void {
    const { budget, admission } = this;
    if (this.#isStopped) return;
    if (budget.measurable().length > 0) {
      this.#lookIn(SOON_MS);
      return;
    }
    if (admission !== undefined) this.#lookedAtNone(admission);
    this.#rest();
    budget.admitAgain();
  }

  stop(): void {
    this.#isStopped = true;
    this.#rest();
  }

  #lookedAtNone(admission: UseAdmission): void {
    const nowMs = performance.now();
    let moreBytes = 0;
    try {
      moreBytes = this.#around.moreBytes(0, nowMs);
    } catch (error) {
      // One job may start, and the next look tries again.
      if (!mayPass(error)) throw error;
    }
    admission.looked(this.budget.running(), { usedBytes: 0, moreBytes }, nowMs);
  }

  #rest(): void {
    this.#alarms.end();
    this.#around.end();
    cancel(this.#timer);
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  #lookIn(pauseMs: number): void {
    const dueMs = performance.now() + pauseMs;
    if (dueMs >= this.#dueMs) return;
    cancel(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = outsideOfCalls(() => later(() => this.#look(), pauseMs).unref());
  }

  #look(): void {
    if (this.#isStopped) return;
    this.#dueMs = Number.POSITIVE_INFINITY;
    let pauseMs = SOON_MS;
    try {
      const usedBytes = this.#measure();
      const nowMs = performance.now();
      if (usedBytes !== undefined) {
        const shareBytes = this.#decide(usedBytes, nowMs);
        pauseMs = this.#pace.after(usedBytes, shareBytes, nowMs);
      }
    } catch (error) {
      // Nothing is admitted on old figures, and the next look tries again.
      if (!mayPass(error)) throw error;
    } finally {
      if (this.budget.measurable().length > 0) this.#lookIn(pauseMs);
    }
  }

  /** What is used in the whole budget; undefined if it is gone. */
  #measure(): number | undefined {
    const { budget } = this;
    const jobs = budget.measurable();
    const [usedBytes, ...uses] = this.#reader.read([budget.cgroup, ...jobs.map(({ cgroup }) => cgroup)]);
    for (const [index, job] of jobs.entries()) {
      const use = uses[index];
      if (use !== undefined) job.measured(use);
    }
    return usedBytes;
  }

  /** @returns what the jobs can have together now, in bytes */
  #decide(usedBytes: number, nowMs: number): number {
    const { admission, budget } = this;
    if (admission === undefined) return this.memoryBytes;
    const moreBytes = this.#around.moreBytes(usedBytes, nowMs);
    admission.looked(budget.running(), { usedBytes, moreBytes }, nowMs);
    for (let job = admission.victim(budget.running(), usedBytes); job !== undefined; ) {
      admission.evicted(job);
      budget.evict(job);
      job = admission.victim(budget.running(), usedBytes);
    }
    budget.admitAgain();
    return admission.shareBytes;
  }
}

/** Whether the kernel is short of something, or the budget ends. */
function mayPass(error: unknown): boolean {
  return isGone(error) || refusedWith(error, 'EMFILE', 'ENFILE', 'ENOMEM');
}
