import type { EnforcedBy } from '../../types/outcome';
import { isGone, refusedWith } from '../cgroup/directory/refusal';
import { Cgroup } from '../cgroup/handle/cgroup';
import { shownFacts } from '../cgroup/handle/readings';
import { resolveChanges, resolveStall } from '../cgroup/limits/resolve-limits';
import type { ResolvedThreshold } from '../cgroup/limits/resolve-thresholds';
import { retry, retrySync } from '../cgroup/processes/remove-cgroup';
import { closedError, ErrorCode, MemcageError } from '../common/errors/errors';
import { emitApart } from '../common/event-loop/emitter';
import { ALIASES } from '../common/options/accepted-options';
import { checkOptions } from '../common/options/option-names';
import { BaseCage, EXIT_PATIENCE_MS } from './base-cage';
import type { CageCgroup } from './cgroup/cage-cgroup';
import type { CageEvents, CpuTimeEvent, StallEvent } from './contract/cage-events';
import type { LimitChanges } from './contract/limit-options';
import type { CageEvidence } from './evidence/cage-evidence';
import { OomReporter } from './oom-reporter';
import { ThresholdEvents } from './threshold-events';

const PATIENCE_MS = 10_000;
const SET_LIMITS = 'cage.setLimits';
/**
 * A kill looks at each cgroup below, and a child may have made thousands. So it rests some times as long as it took, in
 * which the ends of the children remove them.
 */
const KILL_REST = 9;
const MOST_REST_MS = 1000;

/** One object for all cages, so that it costs nothing. */
const BY_KERNEL: EnforcedBy = Object.freeze({ kind: 'kernel', reason: null });

export interface CageLife {
  /** The cage stays when this process ends. */
  outlivesOwner: boolean;
  /** The cage whose cgroup is above this one's. They end together. */
  outer?: KernelCage | undefined;
  /** The cage was made ahead, and no child has it yet. */
  spare?: boolean;
}

/**
 * A cage whose limits the kernel holds. By itself it is the private cage of one child, which lives in the cage's own
 * cgroup.
 */
export class KernelCage extends BaseCage {
  /** The cgroup of the cage: limits, usage, statistics and members. It is gone once the cage is closed. */
  readonly cgroup: Cgroup;
  /** @internal */
  readonly cageCgroup: CageCgroup;
  /** @internal */
  readonly reporter: OomReporter;
  readonly #launchers = new Set<() => void>();
  readonly #thresholds: ThresholdEvents;
  #members = 0;
  #nextKillMs = 0;
  /** {@link closeNow} was called. */
  #blocks = false;

  /** @internal */
  constructor(cageCgroup: CageCgroup, { outlivesOwner, outer, spare = false }: CageLife) {
    super(outer);
    this.cageCgroup = cageCgroup;
    this.spare = spare;
    this.cgroup = Cgroup.over(cageCgroup.memory, cageCgroup.version, {
      killCgroup: cageCgroup.killCgroup,
      beside: () => cageCgroup.beside,
      hasMembers: () => this.#members > 0,
      onWatched: () => cageCgroup.exitCleanUp.forbid(),
      onLimited: () => {
        this.#thresholds.look();
        cageCgroup.evidence?.limitsChanged();
      },
      onFreezing: (staysFrozen) => cageCgroup.evidence?.staysFrozen(staysFrozen),
    });
    this.#thresholds = new ThresholdEvents(this);
    // Not assigned as literals, which V8 would put into old space at once: they would keep each cage until a major GC.
    const tellCpuTime = (event: CpuTimeEvent): void => emitApart(this, 'cpuTime', event);
    const tellStall = (event: StallEvent): void => emitApart(this, 'stall', event);
    cageCgroup.onCpuTimeSpent = tellCpuTime;
    cageCgroup.onStalled = tellStall;
    this.reporter = new OomReporter(cageCgroup, (event) => this.tellOom(event), outer?.reporter);
    try {
      this.reporter.watch(cageCgroup);
    } catch (error) {
      cageCgroup.discard();
      throw error;
    }
    this.enter({ outlivesOwner });
  }

  /** See {@link Cage}. */
  get enforcedBy(): EnforcedBy {
    return BY_KERNEL;
  }

  /** Number of processes of the cage that were killed for memory so far, as counted by the event `oom`. */
  get oomKills(): number {
    return this.reporter.reported;
  }

  /** @internal See {@link BaseCage.wasKilled}. */
  override get wasKilled(): boolean {
    return super.wasKilled || this.cageCgroup.wasKilled;
  }

  /** Change limits of the cage: those that its cgroup was made with. See {@link Cage}. */
  setLimits(limits: LimitChanges): void {
    checkOptions(limits, { of: SET_LIMITS, known: ['memory', 'pids', 'cpu', 'cpuTimeMs', 'stall'], aliases: ALIASES });
    if (this.isClosed) throw closedError(`The cage ${this.cgroup.path}`);
    const { memory: _, cpuTimeMs, stall: __, ...others } = resolveChanges(limits, SET_LIMITS) ?? { memory: {} };
    const { homes, metered } = this.cageCgroup;
    // Before the first write: memcage can tell.
    homes.assertHas(others);
    const cpuTime = cpuTimeMs === undefined ? undefined : (metered.cpuTime ?? madeWithout('cpuTimeMs'));
    const stall = limits.stall === undefined ? undefined : (metered.stall ?? madeWithout('stall'));
    // What can fail for want of an fd comes first. A limit of processor time that is used up kills at once, so that comes last.
    const prepared = stall?.prepare(resolveStall(limits.stall, SET_LIMITS, stall.stall));
    try {
      if (limits.memory !== undefined) this.cgroup.setLimits(limits.memory);
      homes.write(others);
      if (cpuTimeMs !== undefined) cpuTime?.change(cpuTimeMs);
    } catch (error) {
      prepared?.undo();
      throw error;
    }
    prepared?.commit();
  }

  /** @internal Where it emits 'threshold'. */
  watchUsage(thresholds: readonly ResolvedThreshold[]): void {
    this.#thresholds.thresholds = thresholds;
  }

  /** @internal Its evidence, and that of the cages around. */
  get evidences(): CageEvidence[] {
    const around = this.around instanceof KernelCage ? this.around.evidences : [];
    const { evidence } = this.cageCgroup;
    return evidence === undefined ? around : [evidence, ...around];
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
    if (this.isClosed) return;
    this.#blocks = true;
    for (const cage of this.inner) cage.closeNow();
    retrySync(() => this.#killAndRemove(), EXIT_PATIENCE_MS);
  }

  /** @internal Whether a removal has to wait: see {@link EventSources.awaitsTriggers}. */
  awaitsTriggers(): boolean {
    // A blocked event loop would never learn that they are closed.
    return !this.#blocks && this.cgroup.events?.awaitsTriggers(() => this.cageCgroup.isPopulated()) === true;
  }

  /** @internal Removes the cage if it is empty. False while processes are in it. */
  tryRemove(): boolean {
    if (this.isClosed) return true;
    if (this.awaitsTriggers()) return false;
    this.cgroup.events?.look();
    this.#thresholds.look();
    if (!this.cageCgroup.tryRemove()) return false;
    this.isClosed = true;
    this.reporter.stop();
    this.#thresholds.conclude();
    this.cgroup.events?.conclude();
    this.cgroup.close();
    this.leave();
    return true;
  }

  protected get title(): string {
    return this.cgroup.path;
  }

  protected facts(): object {
    return { ...shownFacts(this.cgroup), children: this.#members };
  }

  protected async empty(): Promise<void> {
    try {
      await this.cgroup.kill();
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  protected async end(): Promise<void> {
    for (const end of this.#launchers) end();
    // Without inner cages there is no await, so that the first attempt is made at once.
    if (this.inner.size > 0) await Promise.all(Array.from(this.inner, (cage) => cage.close()));
    await this.#killAndRemoveInTime();
  }

  /** @internal */
  protected override listeningBegins(name: keyof CageEvents): void {
    const { cpuTime, stall } = this.cageCgroup.metered;
    if (name === 'cpuTime' && cpuTime === undefined) throw neverEmitted(name, 'cpuTimeMs');
    if (name === 'stall' && stall === undefined) throw neverEmitted(name, 'stall');
    if (name !== 'threshold') return;
    if (this.#thresholds.thresholds.length === 0) throw neverEmitted(name, 'thresholds');
    this.#thresholds.begin();
  }

  /** @internal */
  protected override listeningEnds(name: keyof CageEvents): void {
    if (name === 'threshold') this.#thresholds.end();
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
    if (this.#members === 0 || this.isClosed) return true;
    const startMs = performance.now();
    if (startMs < this.#nextKillMs) return false;
    try {
      this.cageCgroup.kill();
      const endMs = performance.now();
      this.#nextKillMs = endMs + Math.min(KILL_REST * (endMs - startMs), MOST_REST_MS);
      return false;
    } catch (error) {
      // The watcher removed the cgroup and its event is on the way, or someone else did. No process is left in the cage.
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

function madeWithout(option: 'cpuTimeMs' | 'stall'): never {
  throw new MemcageError(
    ErrorCode.UNSUPPORTED,
    `${option} can't be set now: the cage was made without it. Make the cage with it, if only a high one`,
  );
}

function neverEmitted(event: keyof CageEvents, option: string): MemcageError {
  return new MemcageError(
    ErrorCode.UNSUPPORTED,
    `The event '${event}' needs the option ${option}, and this cage was made without it`,
  );
}
