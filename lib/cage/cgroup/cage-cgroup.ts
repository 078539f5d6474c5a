import type { LimitsReport } from '../../../types/outcome';
import type { ControllerName } from '../../cgroup/controllers/controller-name';
import { LimitsReporter } from '../../cgroup/controllers/limits-report';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { isGone } from '../../cgroup/directory/refusal';
import type { CgroupVersion } from '../../cgroup/files/formats';
import { hasRole } from '../../cgroup/files/roles';
import type { CageLimits } from '../../cgroup/limits/cage-limits';
import { readMemoryFile, writeFirstLimits } from '../../cgroup/limits/limit-files';
import type { LimitContext, LimitPlan } from '../../cgroup/limits/limit-plan';
import { isFreezing } from '../../cgroup/processes/freezer';
import { type KillCgroup, killCgroupOf } from '../../cgroup/processes/kill-cgroup';
import { isPopulated } from '../../cgroup/processes/pids';
import { undoPatiently } from '../../cgroup/processes/remove-cgroup';
import { watcher } from '../../common/addon/watcher';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { CpuTimeEvent, StallEvent } from '../contract/cage-events';
import { CageEvidence } from '../evidence/cage-evidence';
import type { ResolvedEvidence } from '../evidence/resolve-evidence';
import type { OomSurroundings } from '../oom/limits-around';
import type { OomMonitor } from '../oom/monitor';
import { type CageRoot, cageVersion } from '../root/cage-root';
import type { ControllerHome } from '../root/cage-version';
import { giveUp } from '../root/locked-directory';
import type { ControllerHomes } from './controller-homes';
import { ExitCleanUp } from './exit-clean-up';
import { type JoinFds, openJoinFds } from './join-fds';
import { MemoryReporter } from './memory-reporter';
import { MeteredLimits } from './metered-limits';
import type { SpareSides } from './spare-sides';
import { Teardown } from './teardown';

/** What a {@link CageCgroup} is made of. */
export interface CageCgroupOptions {
  root: CageRoot;
  /** The cage cgroup above; undefined if this one is directly below the cage root, or detached. */
  around: CageCgroup | undefined;
  memory: CgroupDirectory;
  killCgroup: KillCgroup | undefined;
  homes: ControllerHomes;
  surroundings: OomSurroundings;
  limits: CageLimits;
  plan: LimitPlan;
  /** Takes its side cgroups, if the watcher has removed the rest. Undefined: they are removed too. */
  spareSides?: SpareSides | undefined;
  /** Locked directories, whose locks it gives up at the end. */
  locks: readonly CgroupDirectory[];
  /** Called once the cgroup is removed. */
  onRemoved?: () => void;
}

/**
 * A cgroup that memcage made: for a cage, or for one child in a shared cage (a leaf). It has a directory in the memory
 * hierarchy, on v1 a kill cgroup and side cgroups in others, limits, and a monitor of its OOM kills. `make-cage-cgroup.ts`
 * makes it whole or not at all.
 */
export class CageCgroup {
  readonly memory: CgroupDirectory;
  readonly killCgroup: KillCgroup | undefined;
  readonly root: CageRoot;
  readonly homes: ControllerHomes;
  readonly limitContext: Omit<LimitContext, 'current'>;
  readonly surroundings: OomSurroundings;
  /** The lowest limit of this cgroup and the cages around it when it was made, in bytes; `Infinity` if there is none. */
  readonly monitor: OomMonitor;
  readonly report: MemoryReporter;
  readonly limitsReport: LimitsReporter;
  readonly exitCleanUp: ExitCleanUp;
  /** Called when the cgroup's own limit of processor time is used up, after the kill. */
  onCpuTimeSpent: ((spent: CpuTimeEvent) => void) | undefined;
  /** Called when the cgroup has got nowhere for as long as its own limit of stalls says, after the kill. */
  onStalled: ((event: StallEvent) => void) | undefined;
  /** What tells what fills it. */
  evidence: CageEvidence | undefined;
  /** Where processes of it are lent memory for a while. It ends with this. */
  beside: CageCgroup | undefined;
  readonly metered: MeteredLimits;
  readonly #options: CageCgroupOptions;
  readonly #enabledBelow = new Set<ControllerName>();
  readonly #teardown: Teardown;
  readonly #letGo: () => void;
  #joinFds: JoinFds | undefined;
  #unwatch: (() => void) | undefined;
  /** The watcher has removed its directories; its fds are not yet closed. */
  #isCleanedUp = false;
  #isRemoved = false;

  constructor(options: CageCgroupOptions) {
    const { root, around, memory, killCgroup, homes, surroundings, plan, limits } = options;
    this.#options = options;
    this.root = root;
    this.memory = memory;
    this.killCgroup = killCgroup;
    this.homes = homes;
    this.limitContext = root.limitContext;
    this.surroundings = surroundings;
    writeFirstLimits(memory, this.version, plan.writes);
    homes.write(limits);
    this.#teardown = new Teardown(memory, killCgroup, homes.ownSides);
    this.monitor = cageVersion(this.version).openMonitor(memory, surroundings);
    const [nearest] = surroundings.cages;
    const repeats = nearest?.isOwn === true ? nearest.directory : undefined;
    this.report = new MemoryReporter(memory, { plan, context: root.limitContext, repeats });
    try {
      // The last that can fail: its meters go on until they are stopped.
      this.metered = new MeteredLimits(this, limits, around?.metered, {
        onCpuTimeSpent: (event) => this.#wasSpent(event),
        onStalled: (event) => this.onStalled?.(event),
      });
    } catch (error) {
      this.monitor.close();
      throw error;
    }
    this.limitsReport = new LimitsReporter(homes.counted, this.metered.cpuTimes);
    this.exitCleanUp = new ExitCleanUp(() => {
      const sides = this.#reusableSides.length > 0 ? [] : homes.ownSides;
      return {
        directories: killCgroup === undefined ? [...sides, memory] : [killCgroup.directory, ...sides, memory],
        monitor: this.monitor,
        reads: [
          ...this.report.files.map((file) => ({ directory: memory, file, of: 'memory' as const })),
          ...this.limitsReport.files,
        ],
      };
    });
    // A locked directory is anchored at itself, so the watcher can't remove it by a path.
    if (options.locks.length > 0) this.exitCleanUp.forbid();
    this.#letGo = root.use();
  }

  /** See {@link openJoinFds}. Alone in its cage, a child is never one too many. */
  get pidsToCheck(): CgroupDirectory | undefined {
    return this.surroundings.cages.length > 0 ? this.homes.counted.pids?.directory : undefined;
  }

  /** The cage cgroup above. */
  get around(): CageCgroup | undefined {
    return this.#options.around;
  }

  /** Those that it was made with. */
  get limits(): CageLimits {
    return this.#options.limits;
  }

  get version(): CgroupVersion {
    return this.limitContext.version;
  }

  /** The lowest limit that it was made with, or that a cage around has now, in bytes; `Infinity` if there is none. */
  get ceilingBytes(): number {
    const { max = Number.POSITIVE_INFINITY, high = max } = this.#options.limits.memory;
    return Math.min(max, high, ...this.surroundings.cages.map(({ directory }) => readCeiling(directory, this.version)));
  }

  /** Calls `onChange` with the time when the count of kills may have grown, or is about to. */
  watchOom(onChange: (timeMs: number) => void): void {
    this.#unwatch = watcher().event(this.monitor.fd, this.monitor.kind, onChange);
  }

  /** Prepares for cgroups to be made below it. */
  becomeParent(): void {
    cageVersion(this.version).becomeParent(this.memory);
  }

  /** Lets cgroups below it have limits of these controllers. */
  enableBelow(names: readonly ControllerName[]): void {
    const missing = names.filter((name) => !this.#enabledBelow.has(name));
    if (missing.length === 0) return;
    const { around } = this.#options;
    if (around === undefined) this.root.controllers.homes(missing);
    else around.enableBelow(missing);
    this.root.controllers.enableBelow(this.memory, missing);
    for (const name of missing) this.#enabledBelow.add(name);
  }

  /** Whether somebody had disabled what cgroups below it need (v2). Then it is enabled again. */
  enableAgain(): boolean {
    return this.root.controllers.enableBelow(this.memory, ['memory', ...this.#enabledBelow]);
  }

  /** Adds `details` to its report. Few children need that: the watcher's clean-up does not read the files for them. */
  reportDetails(): void {
    this.report.hasDetails = true;
    this.exitCleanUp.forbid();
  }

  /** From now on there is evidence of what fills it. @throws why there can't be; the cgroup stays as it was */
  takeEvidence(evidence: ResolvedEvidence): void {
    this.evidence = new CageEvidence(this, evidence);
    this.exitCleanUp.forbid();
  }

  /** Throws ERR_MEMCAGE_FROZEN if frozen: a child cloned into it would suspend this process until the thaw. */
  assertNotFrozen(): void {
    const freezer = killCgroupOf(this.version, this.memory, this.killCgroup);
    if (freezer === undefined || !isFreezing(freezer)) return;
    throw new MemcageError(ErrorCode.FROZEN, `${this.memory.path} is frozen: thaw it before a child is started in it`, {
      path: this.memory.path,
    });
  }

  /**
   * Whether the kernel may choose a child here for what others use, at a limit that is not this process's too, or ends
   * the whole group. A child that shares this process's memory until exec would take this process along. Where nobody but
   * the child can cause an OOM, none happens then: it allocates nothing between letting go of its waiting parent and
   * having a memory of its own.
   */
  get endangersOwner(): boolean {
    const { limits } = this.#options;
    return this.surroundings.cages.length > 0 || limits.memory.oomGroup === true || !this.root.sharesAncestors;
  }

  /**
   * Whether the kernel kills then. Where it lets processes wait instead (v1), a child that is a copy would wait at its first
   * write, before its program.
   */
  get kills(): boolean {
    return this.#options.limits.memory.oomKill !== false;
  }

  /** Prepares the start of a child ahead of time: opens the fds to join by, and plans the clean-up at its exit. */
  prepareStart(): void {
    this.#joinFds ??= openJoinFds(this, { cloneInto: true });
    this.exitCleanUp.prepare();
  }

  /** The caller closes them. @param cloneInto false: CLONE_INTO_CGROUP can't be used */
  takeJoinFds({ cloneInto }: { cloneInto: boolean }): JoinFds {
    const opened = this.#joinFds;
    this.#joinFds = undefined;
    if (cloneInto && opened !== undefined) return opened;
    opened?.close();
    return openJoinFds(this, { cloneInto });
  }

  /** Whether a process is in it or below it. */
  isPopulated(): boolean {
    if (this.beside?.isPopulated() === true) return true;
    try {
      return isPopulated(this.memory);
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }

  /** memcage killed everything in it. */
  get wasKilled(): boolean {
    return this.#teardown.wasKilled || this.metered.hasKilled;
  }

  kill(): void {
    this.#teardown.kill();
    if (this.beside === undefined) return;
    this.beside.kill();
    // One may have come back meanwhile.
    this.#teardown.kill();
  }

  /** Between two calls of {@link tryRemove}: see {@link Teardown}. */
  killForRemoval(): boolean {
    if (this.beside?.killForRemoval() === false) return false;
    return this.#teardown.killForRemoval();
  }

  /** The watcher has removed its directories, but for side cgroups that another cage can have. */
  wasCleanedUp(report: LimitsReport): void {
    this.#isCleanedUp = true;
    const { spareSides, limits } = this.#options;
    spareSides?.giveBack(limits, this.#reusableSides, report);
  }

  /** True once nothing of it is left; false while processes are in it. */
  tryRemove(): boolean {
    if (this.#isRemoved) return true;
    this.evidence?.besideEnds();
    if (this.beside?.tryRemove() === false) return false;
    if (!this.#isCleanedUp && !this.#teardown.remove()) return false;
    this.#isRemoved = true;
    this.#joinFds?.close();
    this.#unwatch?.();
    this.exitCleanUp.conclude();
    this.monitor.close();
    this.metered.stop();
    this.evidence?.close();
    for (const lock of this.#options.locks) giveUp(lock, { removed: true });
    this.#options.onRemoved?.();
    this.#letGo();
    return true;
  }

  /** {@link tryRemove} after a failure. Never throws, so that the caller can report that failure. */
  discard(): void {
    undoPatiently(() => this.tryRemove());
  }

  /** The side cgroups that another cage can have; none if spare ones are not kept. */
  get #reusableSides(): readonly ControllerHome[] {
    return this.#options.spareSides === undefined ? [] : this.homes.reusable;
  }

  #wasSpent(spent: CpuTimeEvent): void {
    try {
      // On v1 a process may be in the memory cgroup alone.
      this.kill();
    } catch {
      // The cgroup is gone, or no fd is free. The meter goes on.
    }
    this.onCpuTimeSpent?.(spent);
  }
}

function readCeiling(directory: CgroupDirectory, version: CgroupVersion): number {
  const high = hasRole('high', version) ? readMemoryFile(directory, version, 'high') : undefined;
  return Math.min(
    readMemoryFile(directory, version, 'max') ?? Number.POSITIVE_INFINITY,
    high ?? Number.POSITIVE_INFINITY,
  );
}
