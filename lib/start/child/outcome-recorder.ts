import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import type { ChildExit } from '../../../types/native';
import type { CpuReport, FaultReport, MemoryReport, Outcome } from '../../../types/outcome';
import { NO_LIMITS } from '../../cgroup/controllers/limits-report';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { inspectable } from '../../common/text/inspected';
import { inWords, type OomFacts } from '../../common/text/oom-words';
import { judgeNodeHeap, type LimitedHeap } from '../../process/node-heap';
import type { Recorder } from '../request/turns';
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

  /** @returns what was recorded, by this or before */
  ended(end: ChildEnd, report: KernelReport | undefined): AnyOutcome {
    return this.#record(end, report, this.#reason ?? end.error ?? report?.error);
  }

  #record(end: ChildEnd, report: KernelReport | undefined, error: Error | undefined): AnyOutcome {
    if (this.#outcome !== undefined) return this.#outcome;
    const { exitCode, signal, cpu, faults, timeNs, heap } = end;
    const killed = report?.oom ?? null;
    const memory = report?.memory ?? this.unstarted;
    const peakBytes = memory?.peakBytes ?? null;
    const nodeHeap = heap === undefined ? null : judgeNodeHeap(heap, { exitCode, signal, oom: killed, peakBytes });
    const facts = killed ?? (nodeHeap?.exhausted === 'likely' ? null : refusalOf(end, report));
    const outcome = inspectable({
      exitCode,
      signal,
      oom: facts && inWords(facts),
      enforcedBy: this.held?.enforcedBy ?? null,
      nodeHeap,
      memory,
      limits: report?.limits ?? { ...NO_LIMITS },
      stalled: report?.stalled ?? null,
      evidence: report?.evidence ?? null,
      cpu,
      faults,
      durationMs: (timeNs - this.startNs) / 1e6,
      error: error ?? null,
    });
    this.#outcome = outcome;
    this.#resolve(outcome);
    this.#listener?.(outcome);
    return outcome;
  }
}

/** How a program ends that gets no memory: by itself, or because it uses what it has not got. */
const BY_ITSELF: ReadonlySet<NodeJS.Signals> = new Set(['SIGABRT', 'SIGBUS', 'SIGILL', 'SIGSEGV', 'SIGTRAP']);

/** What there is to say of a child that failed while the kernel was to refuse it memory. Whether it has done so, nobody can see. */
function refusalOf({ exitCode, signal }: ChildEnd, report: KernelReport | undefined): OomFacts | null {
  const limitBytes = report?.refusedAtBytes;
  const hasFailed = signal === null ? exitCode !== null && exitCode !== 0 : BY_ITSELF.has(signal);
  if (limitBytes === undefined || !hasFailed) return null;
  return { cause: 'refused', kills: 0, limitBytes, path: null, victims: null };
}

const SIGNAL_NAMES = new Map(
  Object.entries(constants.signals).map(([name, number]) => [number, name as NodeJS.Signals]),
);
// Names that share a number with a better known one.
SIGNAL_NAMES.set(constants.signals.SIGABRT, 'SIGABRT').set(constants.signals.SIGIO, 'SIGIO');

/** How a child ended. */
export interface ChildEnd {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  cpu: CpuReport | null;
  faults: FaultReport | null;
  /** CLOCK_MONOTONIC. */
  timeNs: number;
  /** Undefined if its heap was given no limit. */
  heap: LimitedHeap | undefined;
  /** Why its exit status could not be read. */
  error?: Error;
}

export function childEndOf(
  { exitCode, signal, usage, timeNs, errno }: ChildExit,
  heap: LimitedHeap | undefined,
): ChildEnd {
  return {
    exitCode,
    signal: signal === null ? null : (SIGNAL_NAMES.get(signal) ?? (`SIG${signal}` as NodeJS.Signals)),
    cpu: { userMs: usage.userUs / 1000, systemMs: usage.systemUs / 1000 },
    faults: { minor: usage.minorFaults, major: usage.majorFaults },
    timeNs,
    heap,
    ...(errno !== 0 && { error: explainLostStatus(errno) }),
  };
}

/** The end of a child that never started. */
function neverStarted(timeNs: number): ChildEnd {
  const nothing = { cpu: { userMs: 0, systemMs: 0 }, faults: { minor: 0, major: 0 } };
  return { exitCode: null, signal: null, ...nothing, timeNs, heap: undefined };
}

/** The end of a child that Node itself waited for: it tells neither processor time nor page faults. */
export function endSeenByNode(
  exitCode: number | null,
  signal: NodeJS.Signals | null,
  timeNs: number,
  heap: LimitedHeap | undefined,
): ChildEnd {
  return { exitCode, signal, cpu: null, faults: null, timeNs, heap };
}

const { EINVAL, ENOSYS } = constants.errno;

/** Explains why the child's exit status is unknown. */
function explainLostStatus(errno: number): Error {
  const known = { errno, syscall: 'waitid' };
  // EINVAL: the kernel is older than P_PIDFD.
  if (errno === -ENOSYS || errno === -EINVAL) {
    const message = 'waitid with P_PIDFD (Linux 5.4) is missing (this Linux is too old, or a seccomp filter hides it)';
    return new MemcageError(ErrorCode.UNSUPPORTED, `${message}, so that it is not known how the child ended`, known);
  }
  const code = getSystemErrorName(errno);
  return Object.assign(new Error(`${code}: it is not known how the child ended, waitid`), { code }, known);
}
