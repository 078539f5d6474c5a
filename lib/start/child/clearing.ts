import type { CageCgroup } from '../../cage/cgroup/cage-cgroup';
import { retry, retrySync, tookLong } from '../../cgroup/processes/remove-cgroup';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { untilNextIteration } from '../../common/event-loop/timers';
import { type KernelReport, unreadReport } from './kernel-report';

const PATIENCE_MS = 10_000;

/** What a {@link Clearing} works on. */
export interface Clearable {
  readonly cgroup: CageCgroup;
  /** May throw, for example if no fd is free. */
  readReport(): KernelReport;
  /** True once nothing of the cgroup is left, false while processes are in it. */
  removeCgroup(): boolean;
  /** Whether the removal has to wait though no process is left. */
  mustWait?(): boolean;
}

/**
 * Clears the cgroup of a child that has ended: reads the kernel's report, removes the cgroup, and kills what the child
 * left in it. The first attempt is made at once; the others follow while the caller goes on.
 */
export class Clearing {
  #report: KernelReport | undefined;
  #failure: unknown;

  constructor(private readonly child: Clearable) {}

  /** Calls `done` once: before it returns, if the first attempt is enough. */
  start(done: (report: KernelReport) => void): void {
    const startMs = performance.now();
    if (this.#attempt()) done(this.#conclude(true));
    else void this.#goOn(startMs).then((isCleared) => done(this.#conclude(isCleared)));
  }

  /** {@link start}, but blocking. */
  finishNow(): KernelReport {
    return this.#conclude(this.#attempt() || retrySync(() => this.#killAndAttempt(), PATIENCE_MS));
  }

  async #goOn(startMs: number): Promise<boolean> {
    if (tookLong(startMs)) await untilNextIteration();
    return await retry(() => this.#killAndAttempt(), PATIENCE_MS);
  }

  /** False if something was left running, a kill may still be uncounted, or no fd is free to read with. */
  #attempt(): boolean {
    try {
      this.#report = this.child.readReport();
      this.#failure = undefined;
      if (this.#report.oom !== null) {
        // The kernel counts the victims of one kill one by one, each before it ends. The child may be the first.
        if (this.child.cgroup.isPopulated()) return false;
        this.#report = this.child.readReport();
      }
      return this.child.removeCgroup();
    } catch (error) {
      this.#failure = error;
      return false;
    }
  }

  #killAndAttempt(): boolean {
    if (this.child.mustWait?.() === true) return false;
    let refusal: unknown;
    try {
      if (!this.child.cgroup.killForRemoval()) return false;
    } catch (error) {
      refusal = error;
    }
    if (this.#attempt()) return true;
    // What is left was not killed for that refusal, unless something else went wrong too.
    this.#failure ??= refusal;
    return false;
  }

  #conclude(isCleared: boolean): KernelReport {
    const report = this.#report ?? { oom: null, ...unreadReport(this.child.cgroup) };
    if (isCleared) return report;
    return { ...report, error: this.#failure instanceof Error ? this.#failure : this.#notCleared() };
  }

  #notCleared(): MemcageError {
    const { path } = this.child.cgroup.memory;
    return new MemcageError(ErrorCode.BUSY, `${path} could not be emptied within ${PATIENCE_MS} ms`, { path });
  }
}
