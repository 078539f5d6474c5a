import { type InspectOptions, inspect } from 'node:util';
import type { EnforcedBy } from '../../types/outcome';
import { isGone, refusedWith } from '../cgroup/directory/refusal';
import { Cgroup } from '../cgroup/handle/cgroup';
import type { ResolvedThreshold } from '../cgroup/limits/resolve-thresholds';
import { retry, retrySync } from '../cgroup/processes/remove';
import { ErrorCode, MemcageError } from '../common/errors/errors';
import { emitApart, LazyEmitter } from '../common/event-loop/emitter';
import { shown } from '../common/text/inspected';
import type { CageCgroup } from './cgroup/cage-cgroup';
import { changeCageLimits } from './change-cage-limits';
import type { Cage } from './contract/cage';
import type { CageEvents, OomEvent } from './contract/cage-events';
import type { CageLimitOptions } from './contract/limit-options';
import { BY_KERNEL } from './enforced-by';
import { HeardEvents } from './heard-events';
import { OomReporter } from './oom-reporter';
import { cages } from './open-cages';

const PATIENCE_MS = 10_000;
const EXIT_PATIENCE_MS = 2000;
/**
 * A kill looks at each cgroup below, and a child may have made thousands. So it rests some times as long as it took, in
 * which the ends of the children remove them.
 */
const KILL_REST = 9;
const MOST_REST_MS = 1000;

export interface CageLife {
  /** The cage stays when this process ends. */
  outlivesOwner: boolean;
  /** The cage whose cgroup is above this one's. They end together. */
  outer?: KernelCage | undefined;
  /** The cage was made ahead, and no child has it yet. */
  spare?: boolean;
}

/** What all cages have in common. An open cage doesn't keep the event loop alive, and ends with the process. */
export abstract class KernelCage extends LazyEmitter<CageEvents> {
  /** The cgroup of the cage: limits, usage, statistics and members. It is gone once the cage is closed. */
  readonly cgroup: Cgroup;
  /** @internal */
  readonly cageCgroup: CageCgroup;
  /** @internal */
  readonly reporter: OomReporter;
  /** The cage that this one is in. */
  protected readonly container: KernelCage | undefined;
  /** @internal See {@link CageLife}. */
  spare: boolean;
  readonly #inner = new Set<KernelCage>();
  readonly #launchers = new Set<() => void>();
  readonly #heard: HeardEvents;
  #members = 0;
  #nextKillMs = 0;
  #closing: Promise<void> | undefined;
  #closed = false;
  #killed = false;
  /** {@link closeNow} was called. */
  #blocks = false;

  /** @internal */
  constructor(cageCgroup: CageCgroup, { outlivesOwner, outer, spare = false }: CageLife) {
    super();
    this.cageCgroup = cageCgroup;
    this.container = outer;
    this.spare = spare;
    this.cgroup = new Cgroup(cageCgroup.memory, cageCgroup.version, {
      killCgroup: cageCgroup.killCgroup,
      hasMembers: () => this.#members > 0,
      onWatched: () => cageCgroup.exitCleanUp.forbid(),
      onLimited: () => this.#heard.lookAtUsage(),
    });
    this.#heard = new HeardEvents({ emitter: this, cgroup: this.cgroup, cageCgroup });
    cageCgroup.onCpuTimeSpent = (event) => emitApart(this, 'cpuTime', event);
    cageCgroup.onStalled = (event) => emitApart(this, 'stall', event);
    this.reporter = new OomReporter(cageCgroup, (event) => this.#tell(event), outer?.reporter);
    try {
      this.reporter.watch(cageCgroup);
    } catch (error) {
      cageCgroup.discard();
      throw error;
    }
    if (outer !== undefined) outer.#inner.add(this);
    cages.add(this, { outlivesOwner });
  }

  /** See {@link Cage}. */
  get enforcedBy(): EnforcedBy {
    return BY_KERNEL;
  }

  /** The cage as users see it. */
  abstract get self(): Cage;

  /** See {@link Cage}. */
  get outer(): Cage | undefined {
    return this.container?.self;
  }

  /** Number of processes of the cage that were killed for memory so far, as counted by the event `oom`. */
  get oomKills(): number {
    return this.reporter.reported;
  }

  /** @internal For `console.log()`. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    const { cgroup, oomKills, closing } = this;
    const live = (): object => ({ ...cgroup.facts(), children: this.#members, oomKills, ...(closing && { closing }) });
    const facts = this.#closed ? { oomKills, closed: true } : live();
    return shown('Cage', cgroup.path, facts, options);
  }

  /** Whether the cage is closed or closing. */
  get closing(): boolean {
    return this.#closed || this.#closing !== undefined;
  }

  /** @internal Whether memcage has ever killed everything in this cage, or in a cage around it. */
  get wasKilled(): boolean {
    return this.#killed || this.cageCgroup.wasKilled || this.container?.wasKilled === true;
  }

  /** Change limits of the cage. See {@link Cage}. */
  setLimits(limits: CageLimitOptions): void {
    changeCageLimits(limits, this.cgroup, this.cageCgroup);
  }

  /** @internal Where it emits 'usage'. */
  watchUsage(thresholds: readonly ResolvedThreshold[]): void {
    this.#heard.thresholds = thresholds;
  }

  /** Send SIGKILL to every process in the cage. Resolves when none is left. The cage stays open. */
  async kill(): Promise<void> {
    if (this.#closed) return;
    this.#killed = true;
    try {
      await this.cgroup.kill();
    } catch (error) {
      if (!isGone(error)) throw error;
    }
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

  /**
   * @internal Registers a child. Until you call the returned function, nobody has read the child's end, so
   * {@link close} must not remove the cgroups that count it.
   */
  addMember(): () => void {
    this.#members += 1;
    let left = false;
    return () => {
      if (!left) this.#members -= 1;
      left = true;
    };
  }

  /**
   * @internal Registers a launcher, a member that no process's end concludes: {@link close} calls `end` first. Until you
   * call the returned function, it may do so again.
   */
  addLauncher(end: () => void): () => void {
    this.#launchers.add(end);
    return () => void this.#launchers.delete(end);
  }

  /** @internal Closes the cage, blocking: at the end of the process, or for a child that never started. */
  closeNow(): void {
    if (this.#closed) return;
    this.#blocks = true;
    for (const cage of this.#inner) cage.closeNow();
    retrySync(() => this.#killAndRemove(), EXIT_PATIENCE_MS);
  }

  /** @internal Whether a removal has to wait: see {@link EventSources.awaitsTriggers}. */
  awaitsTriggers(): boolean {
    // A blocked event loop would never learn that they are closed.
    return !this.#blocks && this.cgroup.awaitsTriggers(() => this.cageCgroup.isPopulated());
  }

  /** @internal Removes the cage if it is empty. False while processes are in it. */
  tryRemove(): boolean {
    if (this.#closed) return true;
    if (this.awaitsTriggers()) return false;
    this.#heard.look();
    if (!this.cageCgroup.tryRemove()) return false;
    this.#closed = true;
    this.reporter.stop();
    this.#heard.conclude();
    this.cgroup.close();
    if (this.container !== undefined) this.container.#inner.delete(this);
    cages.delete(this);
    emitApart(this, 'close');
    return true;
  }

  /** @internal */
  protected override listeningBegins(name: keyof CageEvents): void {
    this.#heard.begin(name);
  }

  /** @internal */
  protected override listeningEnds(name: keyof CageEvents): void {
    this.#heard.end(name);
  }

  #tell(event: OomEvent): void {
    emitApart(this, 'oom', event);
    const { kills, totalKills, timeMs } = event;
    if (kills > 0) emitApart(this, 'oomKill', { count: kills, totalCount: totalKills, timeMs });
  }

  async #close(): Promise<void> {
    for (const end of this.#launchers) end();
    try {
      // Without inner cages there is no await, so that the first attempt is made at once.
      if (this.#inner.size > 0) await Promise.all(Array.from(this.#inner, (cage) => cage.close()));
      await this.#killAndRemoveInTime();
    } catch (error) {
      this.#closing = undefined;
      throw error;
    }
  }

  async #killAndRemoveInTime(): Promise<void> {
    let shortage: unknown;
    const attempt = (): boolean => {
      try {
        shortage = undefined;
        return this.#endMembers() && this.#killAndRemove();
      } catch (error) {
        // No fd is free to look into the cgroup. Others will be closed.
        if (!refusedWith(error, 'EMFILE', 'ENFILE')) throw error;
        shortage = error;
        return false;
      }
    };
    if (await retry(attempt, PATIENCE_MS)) return;
    if (shortage !== undefined) throw shortage;
    throw new MemcageError(ErrorCode.BUSY, `${this.cgroup.path} could not be emptied within ${PATIENCE_MS} ms`, {
      path: this.cgroup.path,
    });
  }

  /** True when all children have ended, and the kernel's report on each is recorded. */
  #endMembers(): boolean {
    if (this.#members === 0 || this.#closed) return true;
    const startMs = performance.now();
    if (startMs < this.#nextKillMs) return false;
    try {
      this.cageCgroup.kill();
      const endMs = performance.now();
      this.#nextKillMs = endMs + Math.min(KILL_REST * (endMs - startMs), MOST_REST_MS);
      return false;
    } catch (error) {
      // Either the watcher removed it and its event is on the way, or someone else did. No process is left in it.
      if (isGone(error)) return true;
      throw error;
    }
  }

  #killAndRemove(): boolean {
    if (this.awaitsTriggers()) return false;
    if (this.tryRemove()) return true;
    this.cageCgroup.killForRemoval();
    return false;
  }
}
