import type { MemoryReport, Outcome } from '../../types/outcome';
import type { Cgroup } from '../cgroup/handle/cgroup';
import type { Cage } from '../contract/cage';
import type { RunningJob } from './admission/admission';
import type { MeasurableJob } from './admission/eviction';
import type { RunningRecord } from './admission/room-ledger';
import type { Job } from './jobs';

/** How a child ended. */
export interface Gone {
  outcome: Outcome;
  /** Why there was no child after all. */
  error?: Error;
  /** Whether memcage killed it to keep the others within the budget. */
  isEvicted: boolean;
}

/** What is followed of a child. */
export interface Followable {
  /** Without a pid there is no child. */
  child: { readonly pid?: number | undefined; readonly cage: Cage | null };
  recorder: { readonly promise: Promise<Outcome<MemoryReport | null>> };
  killAll(): void;
}

/** A child whose job has room. */
class FollowedChild {
  isEvicted = false;
  readonly gone: Promise<Gone>;

  constructor(
    readonly record: RunningRecord,
    readonly started: Followable,
    keepsDescendants: boolean,
  ) {
    this.gone = this.#whenGone(keepsDescendants);
  }

  /** Undefined if it has none, or no more. */
  get cgroup(): Cgroup | undefined {
    const { cage } = this.started.child;
    return cage !== null && cage.enforcedBy.kind === 'kernel' && !cage.closing ? cage.cgroup : undefined;
  }

  async #whenGone(keepsDescendants: boolean): Promise<Gone> {
    const { child, recorder } = this.started;
    // A child in a cage always has the kernel's report.
    const outcome = (await recorder.promise) as Outcome;
    if (keepsDescendants && child.cage !== null) await untilClosed(child.cage);
    const { error } = outcome;
    const neverStarted = child.pid === undefined && error !== undefined;
    return { outcome, isEvicted: this.isEvicted, ...(neverStarted && { error }) };
  }
}

/** The children of running jobs. */
export class FollowedJobs {
  readonly #followed = new Map<RunningJob, FollowedChild>();
  /** Told of each job that starts or has ended. */
  listener: { jobStarted(): void; jobEnded(): void } | undefined;

  /**
   * Resolves when the child, and all that it left in its cage, are gone: what it took of the memory is free again. Nobody
   * needs to have read its pipes to the end.
   */
  async untilGone({ record }: Job, started: Followable, keepsDescendants: boolean): Promise<Gone> {
    if (record === undefined) throw new Error('A job without room has a child');
    const child = new FollowedChild(record, started, keepsDescendants);
    this.#followed.set(record, child);
    this.listener?.jobStarted();
    const gone = await child.gone;
    this.#followed.delete(record);
    return gone;
  }

  /** Resolves when nothing runs. */
  async allGone(): Promise<void> {
    await Promise.all(Array.from(this.#followed.values(), ({ gone }) => gone));
  }

  /** Those that can be measured now. */
  measurable(): MeasurableJob[] {
    return Array.from(this.#followed.values()).flatMap(({ record, cgroup }) =>
      cgroup === undefined ? [] : [{ job: record, cgroup, measured: (bytes: number) => record.measured(bytes) }],
    );
  }

  evict(running: RunningJob): void {
    const child = this.#followed.get(running);
    if (child === undefined || child.isEvicted || !running.canStartAgain) return;
    child.isEvicted = true;
    child.started.killAll();
  }
}

async function untilClosed(cage: Cage): Promise<void> {
  if (cage.closing) await cage.close().catch(() => {});
  else await new Promise<void>((resolve) => cage.once('close', () => resolve()));
}
