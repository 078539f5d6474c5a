import type { MemoryReport, Outcome } from '../types/outcome';
import type { ChildEnd } from './cage/launch';
import type { StayEnd } from './cage/stay';

type AnyOutcome = Outcome<MemoryReport | null>;

/** Records what became of a child, once: the first reason wins. */
export class OutcomeRecorder {
  readonly promise: Promise<AnyOutcome>;
  #resolve!: (outcome: AnyOutcome) => void;
  #reason: Error | undefined;

  /** @param unstarted memory of a child that was never in a cage */
  constructor(
    private readonly startNs: number,
    private readonly unstarted: MemoryReport | null,
  ) {
    this.promise = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Why the child is about to be ended early: a timeout, an abort. */
  because(reason: Error): void {
    this.#reason ??= reason;
  }

  failed(error: Error, end: StayEnd | undefined, nowNs: number): void {
    this.#record({ exitCode: null, signal: null, cpu: { userMs: 0, systemMs: 0 }, timeNs: nowNs }, end, error);
  }

  ended(child: ChildEnd, end: StayEnd | undefined): void {
    this.#record(child, end, this.#reason ?? end?.error);
  }

  #record({ exitCode, signal, cpu, timeNs }: ChildEnd, end: StayEnd | undefined, error: Error | undefined): void {
    this.#resolve({
      exitCode,
      signal,
      oom: end?.oom ?? null,
      memory: end?.memory ?? this.unstarted,
      cpu,
      durationMs: (timeNs - this.startNs) / 1e6,
      ...(error !== undefined && { error }),
    });
  }
}
