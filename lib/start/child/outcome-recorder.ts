import type { EnforcedBy, MemoryReport, Outcome } from '../../../types/outcome';
import { inspectable } from '../../common/text/inspected';
import { judgeNodeHeap } from '../../process/node-heap';
import type { Recorder } from '../request/turns';
import { type ChildEnd, neverStarted } from './child-end';
import type { HeldChild } from './held-child';
import type { KernelReport } from './kernel-report';

type AnyOutcome = Outcome<MemoryReport | null>;

/** Records the outcome of a child, once: the first reason wins. */
export class OutcomeRecorder implements Recorder {
  readonly promise: Promise<AnyOutcome>;
  /** What the child is held by, once that is known. */
  held: Pick<HeldChild, 'enforcedBy'> | undefined;
  /** When the start began, by the clock of the ends that are recorded. */
  startNs = 0;
  #listener: ((outcome: AnyOutcome) => void) | undefined;
  #outcome: AnyOutcome | undefined;
  #resolve!: (outcome: AnyOutcome) => void;
  #reason: Error | undefined;

  /** @param unstarted the memory report of a child that was never in a cage */
  constructor(private readonly unstarted: MemoryReport | null) {
    this.promise = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Undefined until it is recorded. */
  get outcome(): AnyOutcome | undefined {
    return this.#outcome;
  }

  whenRecorded(listener: (outcome: AnyOutcome) => void): void {
    this.#listener = listener;
    if (this.#outcome !== undefined) listener(this.#outcome);
  }

  /** Notes why the child is about to be ended early: a timeout, an abort. */
  because(reason: Error): void {
    this.#reason ??= reason;
  }

  /**
   * Notes an 'error' event of a child that was started. By that event Node tells of an abort, and also of a kill() or send() that
   * failed, which has ended nobody.
   */
  heard(error: Error): void {
    if (error.name === 'AbortError') this.because(error);
  }

  /** @returns what was recorded, by this or before */
  failed(error: Error | undefined, report: KernelReport | undefined, nowNs: number): AnyOutcome {
    return this.#record(neverStarted(nowNs), report, error);
  }

  ended(end: ChildEnd, report: KernelReport | undefined): void {
    this.#record(end, report, this.#reason ?? end.error ?? report?.error);
  }

  #record(end: ChildEnd, report: KernelReport | undefined, error: Error | undefined): AnyOutcome {
    if (this.#outcome !== undefined) return this.#outcome;
    const { startNs, unstarted } = this;
    const enforcedBy = this.held?.enforcedBy ?? null;
    const outcome = outcomeOf(end, report, { startNs, unstarted, error, enforcedBy });
    this.#outcome = outcome;
    this.#resolve(outcome);
    this.#listener?.(outcome);
    return outcome;
  }
}

interface OutcomeContext {
  startNs: number;
  /** The memory report of a child that was never in a cage. */
  unstarted: MemoryReport | null;
  error: Error | undefined;
  enforcedBy: EnforcedBy | null;
}

function outcomeOf(
  { exitCode, signal, cpu, faults, timeNs, heap }: ChildEnd,
  report: KernelReport | undefined,
  { startNs, unstarted, error, enforcedBy }: OutcomeContext,
): AnyOutcome {
  const oom = report?.oom ?? null;
  const memory = report?.memory ?? unstarted;
  const peakBytes = memory?.peakBytes ?? null;
  return inspectable({
    exitCode,
    signal,
    oom,
    enforcedBy,
    nodeHeap: heap === undefined ? null : judgeNodeHeap(heap, { exitCode, signal, oom, peakBytes }),
    memory,
    limits: report?.limits ?? {},
    stalled: report?.stalled ?? null,
    cpu,
    faults,
    durationMs: (timeNs - startNs) / 1e6,
    ...(error !== undefined && { error }),
  });
}
