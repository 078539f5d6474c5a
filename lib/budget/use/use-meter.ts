import { cpus } from 'node:os';
import { outsideOfCalls } from '../../event-loop/outside-of-calls';
import { cancel, later } from '../../event-loop/timers';
import type { MeteredBudget, UseMeter } from '../admission/eviction';
import type { UseAdmission } from '../admission/use-admission';
import { LookPace } from './look-pace';
import { UsageAlarms } from './usage-alarms';
import { UseReader } from './use-reader';

/** After a start or an end. */
const SOON_MS = 10;

/** Looks at what jobs use, the more often the less memory is free. Looks at nothing while no job runs. */
export class AdaptiveUseMeter implements UseMeter {
  readonly #reader: UseReader;
  readonly #alarms: UsageAlarms;
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
    this.#alarms = new UsageAlarms(budget.cgroup, memoryBytes, () => this.#look());
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
    this.#rest();
    admission?.looked(budget.running(), 0, performance.now());
    budget.admitAgain();
  }

  stop(): void {
    this.#isStopped = true;
    this.#rest();
  }

  #rest(): void {
    this.#alarms.end();
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
        this.#decide(usedBytes, nowMs);
        pauseMs = this.#pace.after(usedBytes, this.memoryBytes, nowMs);
      }
    } catch {
      // No fd is free. Nothing is admitted on old figures, and the next look tries again.
    }
    if (this.budget.measurable().length > 0) this.#lookIn(pauseMs);
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

  #decide(usedBytes: number, nowMs: number): void {
    const { admission, budget } = this;
    if (admission === undefined) return;
    admission.looked(budget.running(), usedBytes, nowMs);
    for (let job = admission.victim(budget.running(), usedBytes); job !== undefined; ) {
      admission.evicted(job);
      budget.evict(job);
      job = admission.victim(budget.running(), usedBytes);
    }
    budget.admitAgain();
  }
}
