import { isNativeError } from '../cgroup/directory/refusal';
import { type CageLimits, isSameLimits } from '../cgroup/limits/cage-limits';
import { undoPatiently } from '../cgroup/processes/remove-cgroup';
import { MemcageError } from '../common/errors/errors';
import { defer, nextIteration } from '../common/event-loop/timers';
import { makeCageCgroup } from './cgroup/make-cage-cgroup';
import { SpareSides } from './cgroup/spare-sides';
import { KernelCage } from './kernel-cage';
import type { CageRoot } from './root/cage-root';

/** The kind of a private cage. Cages of the same kind are interchangeable. */
interface CageKind {
  limits: CageLimits;
  killable: boolean;
}

/** Starts within this time of each other are a series. */
const BUSY_MS = 20;

/**
 * Makes private cages. If a program starts one child after another with the same limits, the pool makes the next cage
 * while the last child runs. That saves a third of what a cage costs, and more when the kernel is still busy with a
 * cgroup that was just removed.
 */
export class CagePool {
  #lastKind: CageKind | undefined;
  #ready: { kind: CageKind; cage: KernelCage } | undefined;
  #lastTakeMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  /** The kind of the cage to make ahead soon. */
  #wanted: CageKind | undefined;
  #closed = false;
  readonly #sides = new SpareSides();

  constructor(private readonly root: CageRoot) {}

  take(kind: CageKind): KernelCage {
    const repeated = this.#lastKind !== undefined && isSameKind(kind, this.#lastKind);
    this.#lastKind = kind;
    const now = performance.now();
    const isBusy = now - this.#lastTakeMs < BUSY_MS;
    this.#lastTakeMs = now;
    const ready = this.#take(kind);
    if (repeated) this.#prepare(kind, isBusy);
    return ready ?? this.#make(kind);
  }

  /** Called when the cage root ends. Never throws. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    const ready = this.#ready;
    this.#ready = undefined;
    if (ready !== undefined) discard(ready.cage);
    this.#sides.close();
  }

  #make({ limits, killable }: CageKind, { spare = false } = {}): KernelCage {
    const cageCgroup = makeCageCgroup(this.root, limits, { killable, spareSides: this.#sides });
    const cage = new KernelCage(cageCgroup, { outlivesOwner: false, spare });
    try {
      cageCgroup.prepareStart();
      return cage;
    } catch (error) {
      discard(cage);
      throw error;
    }
  }

  #take(kind: CageKind): KernelCage | undefined {
    const ready = this.#ready;
    if (ready === undefined) return undefined;
    this.#ready = undefined;
    try {
      if (isSameKind(ready.kind, kind) && ready.cage.cageCgroup.monitor.begin()) {
        ready.cage.spare = false;
        return ready.cage;
      }
    } catch {
      // No fd is free to look at it.
    }
    // Another kind is wanted now, or someone else removed the empty cage.
    nextIteration(() => discard(ready.cage));
    return undefined;
  }

  /** If starts are rare, it waits until the child that was just started has loaded: doing both at once takes longer. */
  #prepare(kind: CageKind, isBusy: boolean): void {
    clearTimeout(this.#timer);
    if (!isBusy) {
      this.#timer = setTimeout(() => this.#makeReady(kind), BUSY_MS).unref();
      return;
    }
    // Only one deferred call at a time: a program that makes only synchronous calls never reaches any.
    if (this.#wanted === undefined) {
      defer(() => {
        const wanted = this.#wanted;
        this.#wanted = undefined;
        if (wanted !== undefined) this.#makeReady(wanted);
      });
    }
    this.#wanted = kind;
  }

  #makeReady(kind: CageKind): void {
    if (this.#ready !== undefined || this.#closed) return;
    try {
      this.#ready = { kind, cage: this.#make(kind, { spare: true }) };
    } catch (error) {
      // The next start will fail in the same way, and report it.
      if (!(error instanceof MemcageError) && !isNativeError(error)) throw error;
    }
  }
}

/** Removes a cage in which no child was. Never throws: what can't be removed for a while is removed with the cage root. */
function discard(cage: KernelCage): void {
  undoPatiently(() => cage.tryRemove());
}

function isSameKind(a: CageKind, b: CageKind): boolean {
  return a.killable === b.killable && isSameLimits(a.limits, b.limits);
}
