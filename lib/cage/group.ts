import type { Ending } from '../../types/native';
import type { MemoryReport } from '../../types/outcome';
import type { CgroupDirectory } from '../cgroup/directory';
import { memoryFile, parseMemoryFile } from '../cgroup/files/roles';
import type { CgroupVersion } from '../cgroup/formats';
import { freezerOf, isFreezing } from '../cgroup/freezer';
import type { Guard } from '../cgroup/kill';
import { readMemoryFile, writeFirstLimits } from '../cgroup/limit-files';
import { type LimitContext, type LimitPlan, planLimits, type ResolvedLimits } from '../cgroup/limits';
import { readMemoryDetails } from '../cgroup/memory-details';
import type { CageAround, OomSurroundings, WhoseLimit } from '../cgroup/oom/levels';
import { type OomAssessment, type OomMonitor, openOomMonitor } from '../cgroup/oom/monitor';
import { isPopulated } from '../cgroup/pids';
import { isGone } from '../cgroup/refusal';
import { removeTree, undo } from '../cgroup/remove';
import { ErrorCode, MemcageError } from '../errors';
import { watch } from '../watch';
import { Emptying } from './emptying';
import { type Entry, joinPaths, openEntry } from './entry';
import { giveUp, release } from './locked-directory';
import type { Owner } from './owner';

type ReportFile = 'max' | 'peak' | 'memsw' | 'swap';

interface Place {
  memory: CgroupDirectory;
  guard: Guard | undefined;
  limitContext: Omit<LimitContext, 'current'>;
  surroundings: OomSurroundings;
  ceilingBytes: number;
  hasGuardian: boolean;
}

/**
 * One cgroup of a cage: its directory in the memory hierarchy, on v1 its guard in another one, its limits, and the monitor
 * of its OOM kills. Made whole or not at all.
 */
export class Group {
  readonly memory: CgroupDirectory;
  readonly guard: Guard | undefined;
  readonly limitContext: Omit<LimitContext, 'current'>;
  /** See {@link Owner}. */
  readonly hasGuardian: boolean;
  readonly #surroundings: OomSurroundings;
  readonly #plan: LimitPlan;
  readonly #monitor: OomMonitor;
  readonly #emptying: Emptying;
  readonly #locks: CgroupDirectory[];
  #entry: Entry | undefined;
  #unwatch: (() => void) | undefined;
  #onRemoved: (() => void) | undefined;
  #holdOwner: Owner['hold'] | undefined;
  /** What its processes may use, by its limits and those of the cages of ours above it; `Infinity` without any. */
  readonly ceilingBytes: number;
  #isObserved = false;
  #ending: Ending | undefined;
  #dropEnding: (() => void) | undefined;
  /** Its directories are removed, its fds not yet closed. */
  #gone = false;
  #removed = false;
  #details = false;

  private constructor(place: Place, plan: LimitPlan, locks: CgroupDirectory[]) {
    this.memory = place.memory;
    this.guard = place.guard;
    this.limitContext = place.limitContext;
    this.hasGuardian = place.hasGuardian;
    this.#surroundings = place.surroundings;
    this.ceilingBytes = place.ceilingBytes;
    this.#plan = plan;
    this.#locks = locks;
    writeFirstLimits(this.memory, this.version, plan.writes);
    this.#emptying = new Emptying(this.memory, this.guard);
    this.#monitor = openOomMonitor(this.memory, place.surroundings);
  }

  /**
   * A group of an owner, for one private or shared cage.
   *
   * @param guarded false: it is to do without a guard
   */
  static create(owner: Owner, limits: ResolvedLimits, { guarded }: { guarded: boolean }): Group {
    const { limitContext, surroundings, hasGuardian } = owner;
    // Everything that can be refused without the kernel is refused before anything is made.
    const plan = planLimits(limits, limitContext);
    const name = owner.nextName();
    const memory = owner.memory.below(name);
    const guard = guarded ? guardBelow(owner.guard, name) : undefined;
    memory.make();
    const group = Group.#complete(
      { memory, guard, limitContext, surroundings, hasGuardian, ceilingBytes: ceilingOf(limits) },
      plan,
    );
    group.#holdAsOf(owner.hold);
    return group;
  }

  /** A group that a dead owner leaves alone, until it is empty. */
  static createDetached(owner: Owner, limits: ResolvedLimits): Group {
    const plan = planLimits(limits, owner.limitContext);
    const { memory, guard } = owner.makeDetached();
    const locks = guard === undefined ? [memory] : [guard.directory, memory];
    try {
      const group = new Group(
        { ...owner, memory, guard, hasGuardian: false, ceilingBytes: ceilingOf(limits) },
        plan,
        locks,
      );
      group.#holdAsOf(owner.hold);
      return group;
    } catch (error) {
      for (const lock of locks) release(lock);
      throw error;
    }
  }

  /** A group below this one, for one child of a shared cage. */
  createLeaf(name: string, limits: ResolvedLimits): Group {
    return this.#createBelow(name, limits, { isLeaf: true });
  }

  /** The same for a cage within this one. */
  createInner(name: string, limits: ResolvedLimits): Group {
    return this.#createBelow(name, limits, { isLeaf: false });
  }

  #createBelow(name: string, limits: ResolvedLimits, { isLeaf }: { isLeaf: boolean }): Group {
    const { limitContext, hasGuardian } = this;
    const cage: CageAround = { directory: this.memory, isOwn: isLeaf, ooms: () => this.#monitor.ooms() };
    const surroundings = { ...this.#surroundings, cages: [cage, ...this.#surroundings.cages] };
    const plan = planLimits(limits, limitContext);
    const ceilingBytes = Math.min(ceilingOf(limits), this.ceilingBytes);
    const memory = this.memory.below(name);
    const guard = guardBelow(this.guard, name);
    memory.make();
    this.#monitor.addLeaf(name);
    try {
      const leaf = Group.#complete({ memory, guard, limitContext, surroundings, hasGuardian, ceilingBytes }, plan);
      if (this.#holdOwner !== undefined) leaf.#holdAsOf(this.#holdOwner);
      const letGo = leaf.#onRemoved;
      leaf.#onRemoved = () => {
        this.#monitor.removeLeaf(name);
        letGo?.();
      };
      return leaf;
    } catch (error) {
      this.#monitor.removeLeaf(name);
      throw error;
    }
  }

  /** The memory directory is there; what else a group has is added, or all that was made is removed. */
  static #complete(place: Place, plan: LimitPlan): Group {
    const { memory, guard } = place;
    const made = [memory];
    try {
      if (guard !== undefined) {
        guard.directory.make();
        made.unshift(guard.directory);
      }
      return new Group(place, plan, []);
    } catch (error) {
      for (const directory of made) undo(() => removeTree(directory));
      throw error;
    }
  }

  /** Its directory is reached through an fd of its owner's. */
  #holdAsOf(hold: Owner['hold']): void {
    this.#holdOwner = hold;
    this.#onRemoved = hold();
  }

  /** Before the first leaf. */
  becomeParent(): void {
    if (this.version === 2) {
      this.memory.write('cgroup.subtree_control', '+memory');
      return;
    }
    // As who lists cages tells it from one that is kept ready (`isSpare`).
    undo(() => this.memory.unstamp());
    // Where it is 0 (some machines before Linux 5.11, which dropped it) the limit would not hold for cgroups below.
    if (this.memory.readIfPresent('memory.use_hierarchy')?.trim() === '0') {
      this.memory.write('memory.use_hierarchy', '1');
    }
  }

  get version(): CgroupVersion {
    return this.limitContext.version;
  }

  /** Call `onChange`, with the time, when the count of kills may have grown, or will in a moment. */
  watchOom(onChange: (timeMs: number) => void): void {
    this.#unwatch = watch().event(this.#monitor.fd, this.#monitor.kind, onChange);
  }

  /** Whether the notification may come before what it is about is counted (v1). */
  get notifiesEarly(): boolean {
    return this.#monitor.kind === 'event';
  }

  assess(): OomAssessment {
    return this.#monitor.assess();
  }

  underOom(): boolean {
    return this.#monitor.underOom();
  }

  /** The limit that its processes wait at, the OOM killer being off (v1); undefined: they do not. */
  waitsAt(): WhoseLimit | undefined {
    return this.#monitor.waitsAt();
  }

  /** The nearest limit, its own or that of a cage around it, at which memory was refused, with or without a kill. */
  limitHit(): WhoseLimit | undefined {
    return this.#monitor.limitHit();
  }

  /** Its {@link report} is to have `details`. */
  reportDetails(): void {
    this.#details = true;
  }

  report(): MemoryReport {
    const report = this.#reportOf((name) => readMemoryFile(this.memory, this.version, name));
    return this.#details ? { ...report, details: readMemoryDetails(this.memory, this.version) } : report;
  }

  /** What can be said without the cgroup. */
  lastReport(): MemoryReport {
    return { limitBytes: this.#plan.max, peakBytes: null, swapLimited: this.#plan.swapLimited };
  }

  /** Throws ERR_MEMCAGE_FROZEN: a child cloned into a frozen cgroup would suspend its parent until the thaw. */
  assertNotFrozen(): void {
    const freezer = freezerOf(this.version, this.memory, this.guard);
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
    if (this.#surroundings.version === 1) return false;
    const { cages, above } = this.#surroundings;
    return cages.some(({ directory }) => readMemoryFile(directory, 2, 'oomGroup') === true) || above.killAsGroup();
  }

  /** What the start of a child takes is done now: the fds for its birth are opened, its {@link ending} is planned. */
  prepare(): void {
    this.#entry ??= openEntry(this, { cloneInto: true });
    this.#ending ??= this.#planEnding();
  }

  /** The caller closes it. @param cloneInto false: CLONE_INTO_CGROUP can't be used */
  enter({ cloneInto }: { cloneInto: boolean }): Entry {
    const opened = this.#entry;
    this.#entry = undefined;
    if (cloneInto && opened !== undefined) return opened;
    opened?.close();
    return openEntry(this, { cloneInto });
  }

  /** What a process that joins it by itself writes "0" to. */
  joinPaths(): string[] {
    return joinPaths(this);
  }

  /** Its life starts now, some time after it was made. False: someone else has touched it. */
  begin(): boolean {
    return this.#monitor.begin();
  }

  /** Its child has reached exec: the limits that must not be in force before that. */
  started(): void {
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
    return this.#emptying.wasKilled;
  }

  kill(): void {
    this.#emptying.kill();
  }

  /** Someone listens to what its end may be the last to tell: it is to be looked at before it is removed. */
  observe(): void {
    this.#isObserved = true;
    this.#dropEnding?.();
  }

  /** The watcher was told of the {@link ending}. @param drop to take that back */
  endingIsUp(drop: () => void): void {
    this.#dropEnding = drop;
  }

  /**
   * The common end of the child in it, for the watcher; undefined where the group can't be removed by a path, or is
   * {@link observe}d. A kernel may lack one or the other of the files for details, which the watcher would not pass over.
   */
  get ending(): Ending | undefined {
    // One that holds locks is anchored at itself.
    if (this.#locks.length > 0 || this.#isObserved || this.#details) return undefined;
    this.#ending ??= this.#planEnding();
    return this.#ending;
  }

  #planEnding(): Ending {
    const { file, expected, eventFd, isStamped } = this.#monitor.quiet;
    const within = (name: string): string => `${this.memory.relative}/${name}`;
    const directories = this.guard === undefined ? [this.memory] : [this.guard.directory, this.memory];
    return {
      dirFd: this.memory.anchor,
      quietFd: eventFd,
      file: within(file),
      expected,
      stamped: isStamped ? this.memory.relative : '',
      reads: this.#reportFiles.map((name) => within(memoryFile(name, this.version))),
      removes: directories.map(({ anchor, relative }) => ({ dirFd: anchor, path: relative })),
    };
  }

  /** The watcher has carried out the {@link ending}; the report of what it read. */
  concludeEnding(texts: readonly string[]): MemoryReport {
    this.#gone = true;
    const byName = new Map(this.#reportFiles.map((name, index) => [name, texts[index]]));
    return this.#reportOf((name) => {
      const text = byName.get(name);
      return text === undefined ? undefined : parseMemoryFile(name, this.version, text);
    });
  }

  /** {@link tryRemove}, after a failure that is to be told of. */
  discard(): void {
    undo(() => this.tryRemove());
  }

  /** True once nothing of it is left; false while processes are. */
  tryRemove(): boolean {
    if (this.#removed) return true;
    if (!this.#gone && !this.#emptying.remove()) return false;
    this.#removed = true;
    this.#entry?.close();
    this.#unwatch?.();
    this.#monitor.close();
    for (const lock of this.#locks) giveUp(lock, { removed: true });
    this.#onRemoved?.();
    return true;
  }

  /** Between two calls of {@link tryRemove}: see {@link Emptying}. */
  killForRemoval(): boolean {
    return this.#emptying.killForRemoval();
  }

  #reportOf(read: (name: ReportFile) => number | undefined): MemoryReport {
    const { swapOn } = this.limitContext;
    const limitBytes = read('max') ?? Number.POSITIVE_INFINITY;
    const peakBytes = read('peak') ?? null;
    return { limitBytes, peakBytes, swapLimited: !swapOn || isLimited(read(this.#swapFile)) };
  }

  get #swapFile(): 'memsw' | 'swap' {
    return this.version === 1 ? 'memsw' : 'swap';
  }

  /** What a report is made of here. */
  get #reportFiles(): ReportFile[] {
    return this.limitContext.swapOn ? ['max', 'peak', this.#swapFile] : ['max', 'peak'];
  }
}

function ceilingOf({ max, high }: ResolvedLimits): number {
  return Math.min(max ?? Number.POSITIVE_INFINITY, high ?? Number.POSITIVE_INFINITY);
}

function isLimited(bytes: number | undefined): boolean {
  return bytes !== undefined && bytes !== Number.POSITIVE_INFINITY;
}

function guardBelow(guard: Guard | undefined, name: string): Guard | undefined {
  return guard && { kind: guard.kind, directory: guard.directory.below(name) };
}
