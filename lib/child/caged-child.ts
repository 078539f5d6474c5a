import type { BaseCage } from '../cage/base-cage';
import type { CageCgroup } from '../cage/cage-cgroup';
import { Clearing } from './clearing';
import { type KernelReport, readKernelReport } from './kernel-report';

type State = 'starting' | 'running' | 'clearing' | 'kept' | 'gone';

const NEXT: Readonly<Record<State, readonly State[]>> = {
  starting: ['running', 'gone'],
  running: ['clearing', 'kept', 'gone'],
  clearing: ['gone'],
  kept: ['gone'],
  gone: [],
};

/**
 * One child's life in a cage, from before its birth until nothing of it is left. The methods are the events that move it from
 * one state to the next; `docs/architecture.md` has the diagram, and what each state gives back.
 *
 * Which cgroup the child lives in, and how that is removed, is up to the two kinds: `PrivateChild` and `LeafChild`.
 */
export abstract class CagedChild {
  #state: State = 'starting';
  readonly #leaveCage: () => void;

  /** @param home the cgroup that the child lives in */
  protected constructor(
    readonly cage: BaseCage,
    readonly home: CageCgroup,
  ) {
    // While it is a member, the cage's close() leaves the counts of its end alone.
    this.#leaveCage = cage.addMember();
  }

  /** Its processes were killed by us, or by the caller through us. */
  get wasKilled(): boolean {
    return this.home.wasKilled || this.cage.wasKilled;
  }

  /** The child has reached its program. */
  started(): void {
    this.#become('running');
    this.home.writeDeferredLimits();
    this.cage.cgroup.noteMember();
  }

  /** Its start has failed. Gives back what was taken for it, now or, for want of an fd say, later. Never throws. */
  abandon(): KernelReport {
    this.#become('gone');
    const report = this.#readOrExcuse(null);
    this.giveBackUnstarted(report);
    return report;
  }

  /**
   * It has ended. Calls `done` at once, or when what it left running has been killed.
   *
   * @param texts what the watcher has read before it removed the cgroup; undefined: it did not
   */
  ended(
    signal: NodeJS.Signals | null,
    texts: readonly string[] | undefined,
    done: (report: KernelReport) => void,
  ): void {
    if (texts !== undefined) done(this.#concludeCleanUp(texts));
    else if (this.keepsDescendants) done(this.#keep(signal));
    else {
      this.#clear(signal).start((report) => {
        this.#become('gone');
        done(report);
      });
    }
  }

  /** The same for a caller that can't wait: blocks while what the child left running is being killed. */
  endedNow(signal: NodeJS.Signals | null): KernelReport {
    if (this.keepsDescendants) return this.#keep(signal);
    const report = this.#clear(signal).finishNow();
    this.#become('gone');
    return report;
  }

  /** What the child leaves running lives on. */
  protected abstract readonly keepsDescendants: boolean;

  /** True once nothing of the child's cgroup is left, false while processes are. */
  protected abstract removeHome(): boolean;

  /** Remove what was made for a child that never was; now, or later. */
  protected abstract giveBackUnstarted(report: KernelReport): void;

  #become(state: State): void {
    if (!NEXT[this.#state].includes(state)) throw new Error(`A child that is ${this.#state} can't become ${state}`);
    const isMember = this.#state !== 'kept';
    this.#state = state;
    if (isMember && (state === 'kept' || state === 'gone')) this.#leaveCage();
  }

  /** The watcher has found no kill, and removed the cgroup. */
  #concludeCleanUp(texts: readonly string[]): KernelReport {
    const memory = this.home.report.parse(texts);
    this.home.wasCleanedUp();
    this.removeHome();
    this.#become('gone');
    return { oom: null, memory };
  }

  #clear(signal: NodeJS.Signals | null): Clearing {
    this.#become('clearing');
    return new Clearing({
      cgroup: this.home,
      readReport: () => readKernelReport(this.home, this.cage.reporter, signal),
      removeCgroup: () => this.removeHome(),
    });
  }

  #keep(signal: NodeJS.Signals | null): KernelReport {
    const report = this.#readOrExcuse(signal);
    this.#become('kept');
    this.#removeOnceEmpty();
    return report;
  }

  /** A kept cgroup goes when the last process in it has ended, of which v1 tells nothing. */
  #removeOnceEmpty(waitMs = 50): void {
    try {
      if (this.removeHome()) {
        this.#become('gone');
        return;
      }
    } catch {
      // No fd is free, say: nobody waits for it.
    }
    const timer = setTimeout(() => this.#removeOnceEmpty(Math.min(waitMs * 2, 1000)), waitMs);
    timer.unref();
  }

  #readOrExcuse(signal: NodeJS.Signals | null): KernelReport {
    try {
      return readKernelReport(this.home, this.cage.reporter, signal);
    } catch (error) {
      return { oom: null, memory: this.home.report.fromPlan(), error: error as Error };
    }
  }
}
