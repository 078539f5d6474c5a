import type { MemoryReport, Outcome } from '../../../types/outcome';
import type { Cage } from '../../cage/contract/cage';
import { unlessGone } from '../../cgroup/directory/refusal';
import type { Cgroup } from '../../cgroup/handle/cgroup';
import { readCpuMs } from '../../cgroup/handle/readings';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import type { Recorder } from '../../start/request/turns';
import type { RunningJob } from './admission/admission';
import type { JobControl } from './admission/reliever';
import type { RunningRecord } from './admission/room-ledger';
import type { Doings } from './admission/stillness';
import type { BudgetJob } from './jobs';

/** A child that has been started. */
interface FollowedStart {
  job: BudgetJob;
  started: Followable;
  keepsDescendants: boolean;
  /** Tell of its end within the call that records it: before its 'exit', in whose listeners somebody may look for room. */
  isPrompt?: boolean;
}

/** How a child ended. */
export interface Gone {
  outcome: Outcome;
  /** Why there was no child after all. */
  error?: Error;
  /** Whether memcage killed it to keep the others within the budget. */
  isEvicted: boolean;
}

/** What is followed of a child. */
interface Followable {
  /** Without a pid there is no child. */
  child: { readonly pid?: number | undefined; readonly cage: Cage<Cgroup | null> | null; readonly killed?: boolean };
  /** {@link FollowedChild.hasSignal}, where `child` does not tell. */
  hasSignal?(): boolean;
  recorder: Recorder;
  killAll(): void;
}

/** A child whose job has room. */
class FollowedChild {
  isEvicted = false;

  constructor(
    readonly record: RunningRecord,
    readonly started: Followable,
  ) {}

  /** The cgroup of the job; undefined if the job has none, or no more. */
  get cgroup(): Cgroup | undefined {
    const { cage } = this.started.child;
    return cage?.closed === false ? (cage.cgroup ?? undefined) : undefined;
  }

  /** Whether it was sent a signal, which it may take only when it runs. */
  get hasSignal(): boolean {
    const { child, hasSignal } = this.started;
    return hasSignal?.() ?? child.killed === true;
  }

  gone(outcome: Outcome): Gone {
    const { isEvicted, started } = this;
    const { error } = outcome;
    const neverStarted = started.child.pid === undefined && error !== null;
    return { outcome, isEvicted, ...(neverStarted && { error }) };
  }
}

/** A running job that has a cgroup of its own to look at. */
export interface MeasurableJob {
  readonly record: RunningRecord;
  /** The cgroup of the job's private cage, which goes away as the job ends: reading it may throw ERR_MEMCAGE_NO_CGROUP. */
  readonly cgroup: Cgroup;
}

/** The children of running jobs. */
export class FollowedJobs implements JobControl {
  readonly #followed = new Map<RunningJob, FollowedChild>();
  /** Told of each job that starts or has ended. */
  listener: { jobStarted(): void; jobEnded(record: RunningRecord, outcome: Outcome): void } | undefined;
  /** How many have ended. */
  ended = 0;
  #allGone: (() => void) | undefined;

  /**
   * Calls `onGone` when the child, and all that it left in its cage, are gone: what it took of the memory is free again. Nobody
   * needs to have read its pipes to the end. Whoever awaits the child's outcome sees it after that.
   */
  follow({ job, started, keepsDescendants, isPrompt = false }: FollowedStart, onGone: (gone: Gone) => void): void {
    const { record } = job;
    if (record === undefined) throw new Error('A job without room has a child');
    const followed = new FollowedChild(record, started);
    this.#followed.set(record, followed);
    this.listener?.jobStarted();
    const end = (outcome: Outcome): void => {
      this.#followed.delete(record);
      this.ended += 1;
      onGone(followed.gone(outcome));
      this.listener?.jobEnded(record, outcome);
      if (this.#followed.size === 0) this.#allGone?.();
    };
    const { child, recorder } = started;
    const { cage } = child;
    const told = (given: Outcome<MemoryReport | null>): void => {
      // A child in a cage always has the kernel's report.
      const outcome = given as Outcome;
      if (!keepsDescendants || cage === null) end(outcome);
      else void untilClosed(cage).then(() => end(outcome));
    };
    if (isPrompt) recorder.whenRecorded(told);
    else void recorder.promise.then(told);
  }

  /** Resolves when nothing runs. Nothing may start any more. */
  async allGone(): Promise<void> {
    if (this.#followed.size > 0) await new Promise<void>((resolve) => (this.#allGone = resolve));
  }

  /** The running jobs that can be measured now. */
  measurable(): MeasurableJob[] {
    return Array.from(this.#followed.values()).flatMap(({ record, cgroup }) =>
      cgroup === undefined ? [] : [{ record, cgroup }],
    );
  }

  setFrozen(running: RunningJob, isFrozen: boolean): boolean {
    const cgroup = this.#followed.get(running)?.cgroup;
    if (cgroup === undefined) return false;
    try {
      cgroup.freezing.holdForBudget(isFrozen);
      return true;
    } catch (error) {
      // It ends, or somebody took the right from us: one that can't be frozen is evicted.
      if (error instanceof MemcageError) return false;
      throw error;
    }
  }

  hasSignal(running: RunningJob): boolean {
    return this.#followed.get(running)?.hasSignal === true;
  }

  doings(): Doings {
    const doings = { usedBytes: 0, cpuMs: 0 };
    for (const { record, cgroup } of this.measurable()) {
      if (record.isFrozen) continue;
      doings.usedBytes += record.usedBytes;
      doings.cpuMs += unlessGone(() => readCpuMs(cgroup)) ?? 0;
    }
    return doings;
  }

  /**
   * Kills a job. If it can start again, it waits for that once it has ended. Does nothing if the job is being evicted already.
   */
  evict(running: RunningJob): void {
    const child = this.#followed.get(running);
    if (child === undefined || child.isEvicted) return;
    child.isEvicted = true;
    if (!running.canStartAgain) child.started.recorder.because(evicted());
    child.started.killAll();
  }
}

function evicted(): MemcageError {
  return new MemcageError(
    ErrorCode.EVICTED,
    words`The jobs of the budget needed more memory than it has, and memcage ended this one, which it can't start again${CURE}give createBudget() more memory, or no admit: 'use'`,
  );
}

async function untilClosed(cage: Cage<Cgroup | null>): Promise<void> {
  if (cage.closed) await cage.close().catch(() => {});
  else await new Promise<void>((resolve) => cage.once('close', () => resolve()));
}
