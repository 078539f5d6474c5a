import { watcher } from '../addon/watcher';
import type { CgroupDirectory } from '../cgroup/directory/directory';
import { isGone } from '../cgroup/directory/refusal';
import type { CgroupVersion } from '../cgroup/files/formats';
import { writeFirstLimits } from '../cgroup/limits/limit-files';
import type { LimitContext, LimitPlan } from '../cgroup/limits/limit-plan';
import { isFreezing } from '../cgroup/processes/freezer';
import { type KillCgroup, killCgroupOf } from '../cgroup/processes/kill-cgroup';
import { isPopulated } from '../cgroup/processes/pids';
import { undo } from '../cgroup/processes/remove';
import { ErrorCode, MemcageError } from '../errors/errors';
import type { OomMonitor } from '../oom/monitor';
import { openOomMonitor } from '../oom/open-monitor';
import type { OomSurroundings } from '../oom/surroundings';
import { type CageRoot, cageVersion } from './cage-root';
import { ExitCleanUp } from './exit-clean-up';
import { type JoinFds, openJoinFds } from './join-fds';
import { giveUp } from './locked-directory';
import { MemoryReporter } from './memory-reporter';
import { Teardown } from './teardown';

/** What a {@link CageCgroup} is made of. Its directories are there already. */
export interface CageCgroupParts {
  memory: CgroupDirectory;
  killCgroup: KillCgroup | undefined;
  limitContext: Omit<LimitContext, 'current'>;
  surroundings: OomSurroundings;
  ceilingBytes: number;
  hasGuardian: boolean;
  plan: LimitPlan;
  /** Locked directories, to be given back at the end. */
  locks: readonly CgroupDirectory[];
  /** It is reached through an fd of the root's. */
  hold: CageRoot['hold'];
  /** It is removed. */
  onRemoved?: () => void;
}

/**
 * A cgroup that memcage has made: for a cage, or for one child in a shared cage (a leaf). It has its directory in the memory
 * hierarchy, on v1 a kill cgroup in another one, its limits, and the monitor of its OOM kills. `make-cage-cgroup.ts` makes it
 * whole or not at all.
 */
export class CageCgroup {
  readonly memory: CgroupDirectory;
  readonly killCgroup: KillCgroup | undefined;
  readonly limitContext: Omit<LimitContext, 'current'>;
  readonly surroundings: OomSurroundings;
  /** See {@link CageRoot}. */
  readonly hasGuardian: boolean;
  readonly hold: CageRoot['hold'];
  /** What its processes may use, by its limits and those of the cages of ours above it; `Infinity` without any. */
  readonly ceilingBytes: number;
  readonly monitor: OomMonitor;
  readonly report: MemoryReporter;
  readonly exitCleanUp: ExitCleanUp;
  readonly #plan: LimitPlan;
  readonly #teardown: Teardown;
  readonly #locks: readonly CgroupDirectory[];
  readonly #onRemoved: (() => void) | undefined;
  readonly #letGo: () => void;
  #joinFds: JoinFds | undefined;
  #unwatch: (() => void) | undefined;
  /** The watcher has removed its directories; its fds are not yet closed. */
  #isCleanedUp = false;
  #isRemoved = false;

  constructor(parts: CageCgroupParts) {
    const { memory, killCgroup, plan, locks } = parts;
    this.memory = memory;
    this.killCgroup = killCgroup;
    this.limitContext = parts.limitContext;
    this.surroundings = parts.surroundings;
    this.hasGuardian = parts.hasGuardian;
    this.hold = parts.hold;
    this.ceilingBytes = parts.ceilingBytes;
    this.#plan = plan;
    this.#locks = locks;
    this.#onRemoved = parts.onRemoved;
    writeFirstLimits(memory, this.version, plan.writes);
    this.#teardown = new Teardown(memory, killCgroup);
    this.monitor = openOomMonitor(memory, parts.surroundings);
    this.report = new MemoryReporter(memory, plan, parts.limitContext);
    this.exitCleanUp = new ExitCleanUp(() => ({
      directories: killCgroup === undefined ? [memory] : [killCgroup.directory, memory],
      monitor: this.monitor,
      reads: this.report.files,
    }));
    // A locked one is anchored at itself, and so can't be removed by a path.
    if (locks.length > 0) this.exitCleanUp.forbid();
    this.#letGo = parts.hold();
  }

  get version(): CgroupVersion {
    return this.limitContext.version;
  }

  /** Call `onChange`, with the time, when the count of kills may have grown, or will in a moment. */
  watchOom(onChange: (timeMs: number) => void): void {
    this.#unwatch = watcher().event(this.monitor.fd, this.monitor.kind, onChange);
  }

  /** Others will be made below it. */
  becomeParent(): void {
    cageVersion(this.version).becomeParent(this.memory);
  }

  /** Its report is to have `details`, for which a kernel may lack files: the watcher would not pass over that. */
  reportDetails(): void {
    this.report.hasDetails = true;
    this.exitCleanUp.forbid();
  }

  /** Throws ERR_MEMCAGE_FROZEN: a child cloned into a frozen cgroup would suspend its parent until the thaw. */
  assertNotFrozen(): void {
    const freezer = killCgroupOf(this.version, this.memory, this.killCgroup);
    if (freezer === undefined || !isFreezing(freezer)) return;
    throw new MemcageError(ErrorCode.FROZEN, `${this.memory.path} is frozen: thaw it before a child is started in it`, {
      path: this.memory.path,
    });
  }

  /**
   * Whether an OOM kill above it takes all its processes, one between clone and exec included, whose memory is ours. Its
   * own `memory.oom.group` is set after that.
   */
  killsAsGroup(): boolean {
    const { cages, ancestors } = this.surroundings;
    return ancestors.killAsGroup(cages);
  }

  /** Do now what the start of a child takes: open the fds that it joins by, plan the clean-up at its exit. */
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

  /** Set the limits that must not be in force before the child has reached exec. */
  writeDeferredLimits(): void {
    writeFirstLimits(this.memory, this.version, this.#plan.deferred);
  }

  /** Whether a process is in it or below. */
  isPopulated(): boolean {
    try {
      return isPopulated(this.memory);
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }

  /** By us, all of it. */
  get wasKilled(): boolean {
    return this.#teardown.wasKilled;
  }

  kill(): void {
    this.#teardown.kill();
  }

  /** Between two calls of {@link tryRemove}: see {@link Teardown}. */
  killForRemoval(): boolean {
    return this.#teardown.killForRemoval();
  }

  /** The watcher has removed its directories. */
  wasCleanedUp(): void {
    this.#isCleanedUp = true;
  }

  /** True once nothing of it is left; false while processes are. */
  tryRemove(): boolean {
    if (this.#isRemoved) return true;
    if (!this.#isCleanedUp && !this.#teardown.remove()) return false;
    this.#isRemoved = true;
    this.#joinFds?.close();
    this.#unwatch?.();
    this.monitor.close();
    for (const lock of this.#locks) giveUp(lock, { removed: true });
    this.#onRemoved?.();
    this.#letGo();
    return true;
  }

  /** {@link tryRemove}, after a failure that is to be told of. */
  discard(): void {
    undo(() => this.tryRemove());
  }
}
