import { type InspectOptions, inspect } from 'node:util';
import type { EnforcedBy } from '../../types/outcome';
import type { Cgroup } from '../cgroup/handle/cgroup';
import { emitApart, LazyEmitter } from '../common/event-loop/emitter';
import { refuseSignal } from '../common/options/checks';
import { shown } from '../common/text/inspected';
import { keptInJson } from '../common/text/json';
import type { NodeHeapSetting } from '../process/node-heap';
import type { ChildSettings } from '../process/settings/child-settings';
import type { Cage, SharedCage } from './contract/cage';
import type { CageEvents, OomEvent } from './contract/cage-events';
import type { LimitChanges } from './contract/limit-options';
import { cages } from './open-cages';

/** How long the end of a process waits until a cage is empty. */
export const EXIT_PATIENCE_MS = 2000;

const EVENTS = Object.keys({
  oom: true,
  cpuTime: true,
  stall: true,
  threshold: true,
  close: true,
} satisfies Record<keyof CageEvents, true>);

/** What the children of a shared cage get unless they have an option of their own. */
export interface ChildDefaults {
  nodeHeap: NodeHeapSetting;
  settings: ChildSettings;
}

/**
 * What all cages have in common, whatever holds their limits. An open cage doesn't keep the event loop alive, and ends
 * with the process.
 */
export abstract class BaseCage extends LazyEmitter<CageEvents> implements Cage<Cgroup | null> {
  /** See {@link Cage}. */
  abstract readonly cgroup: Cgroup | null;
  /** See {@link Cage}. */
  abstract readonly enforcedBy: EnforcedBy;
  /** Number of processes of the cage that were killed for memory so far, as counted by the event `oom`. */
  abstract readonly oomKills: number;
  /** @internal The cage was made ahead, and no child has it yet. */
  spare = false;
  /** The cages in this one. They end with it. */
  protected readonly inner = new Set<BaseCage>();
  /** Nothing of it is left. */
  protected isClosed = false;
  /** memcage has killed everything in it. */
  protected hasKilled = false;
  #closing: Promise<void> | undefined;

  /** @internal @param around the cage that this one is in */
  constructor(protected readonly around: BaseCage | undefined) {
    super(EVENTS);
  }

  /** @internal The cage as users see it. */
  get publicCage(): Cage<Cgroup | null> {
    return this;
  }

  /** See {@link Cage}. */
  get outer(): SharedCage<Cgroup | null> | null {
    // No other cage than a shared one has a cage in it.
    return (this.around?.publicCage as SharedCage<Cgroup | null> | undefined) ?? null;
  }

  /** Whether the cage is closed or closing. */
  get closed(): boolean {
    return this.isClosed || this.#closing !== undefined;
  }

  /** @internal Whether memcage has ever killed everything in this cage, or in a cage around it, but for memory. */
  get wasKilled(): boolean {
    return this.hasKilled || this.around?.wasKilled === true;
  }

  /** @internal For `console.log()`. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    const { oomKills, closed } = this;
    const facts = { ...(!this.isClosed && this.facts()), oomKills, ...(closed && { closed }) };
    return shown('Cage', this.title, facts, options);
  }

  /** Change limits of the cage. See {@link Cage}. */
  abstract setLimits(limits: LimitChanges): void;

  /** Send SIGKILL to every process in the cage. Resolves when none is left. The cage stays open. */
  kill(): Promise<void>;
  async kill(signal?: unknown): Promise<void> {
    refuseSignal(signal, 'cage.kill');
    if (this.isClosed) return;
    this.hasKilled = true;
    await this.empty();
  }

  /** Kill every process in the cage, and remove the cage. Resolves when nothing is left. You may call it again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal Closes the cage, blocking: at the end of the process, or for a child that never started. */
  abstract closeNow(): void;

  /** What `console.log()` calls it. */
  protected abstract get title(): string;
  /** What `console.log()` shows of it while it is open. */
  protected abstract facts(): object;
  /** Kills all that is in it. Resolves when none is left. */
  protected abstract empty(): Promise<void>;
  /** Kills all that is in it, and removes it. Makes the first attempt at once. */
  protected abstract end(): Promise<void>;

  /** From now on it is one of the open cages. */
  protected enter({ outlivesOwner }: { outlivesOwner: boolean }): void {
    this.around?.inner.add(this);
    cages.add(this, { outlivesOwner });
  }

  /** Nothing of it is left. */
  protected leave(): void {
    this.around?.inner.delete(this);
    cages.delete(this);
    emitApart(this, 'close');
  }

  protected tellOom(event: OomEvent): void {
    emitApart(this, 'oom', keptInJson(event));
  }

  async #close(): Promise<void> {
    try {
      await this.end();
    } catch (error) {
      this.#closing = undefined;
      throw error;
    }
  }
}
