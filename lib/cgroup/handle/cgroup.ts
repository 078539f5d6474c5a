import { type InspectOptions, inspect } from 'node:util';
import type { MemoryChange, Size } from '../../../types/options';
import type { MemoryDetails } from '../../../types/outcome';
import { loadNative } from '../../common/addon/load-native';
import { contradiction, invalidArgument } from '../../common/errors/argument-errors';
import { closedError, ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import { LazyEmitter } from '../../common/event-loop/emitter';
import { ALIASES } from '../../common/options/accepted-options';
import { refuseSignal } from '../../common/options/checks';
import { checkOptions, isRecord } from '../../common/options/option-names';
import { shown } from '../../common/text/inspected';
import { keptInJson } from '../../common/text/json';
import { containerNameOf } from '../containers/container-names';
import { findCgroup } from '../containers/find-cgroup';
import type { CgroupDirectory } from '../directory/directory';
import { KeptFile, OpenFiles } from '../directory/open-file';
import { cgroupsBelow, passingOver } from '../directory/walk';
import {
  CGROUP_EVENT_NAMES,
  type CgroupEventName,
  type CgroupEvents,
  isEventName,
  type TriggerHandle,
} from '../events/cgroup-events';
import { EventSources } from '../events/event-sources';
import type { Trigger } from '../events/trigger-options';
import { memoryController } from '../files/controller';
import { type CgroupVersion, type FlatKeyed, type Pressure, parseValue } from '../files/formats';
import type { FileInput, FileValue, ReadableFile, WritableFile } from '../files/interface-files';
import { memoryFile } from '../files/roles';
import { parseStat } from '../files/stat-parser';
import { host, swapOn, visibleDirectory } from '../hierarchy/host';
import { mountPointOf } from '../hierarchy/resolve-path';
import type { ResolvedLimits } from '../limits/cage-limits';
import { changeLimits, changeWithLeaves, isRepeated } from '../limits/leaf-limits';
import { holdBelow, type Limits, readLimits, readMemoryFile } from '../limits/limit-files';
import { resolveLimits } from '../limits/resolve-limits';
import { defaultParent } from '../placement/default-parent';
import { FreezeHolders } from '../processes/freeze-holders';
import { canFreeze, cpuMs, isFrozen } from '../processes/freezer';
import { type KillCgroup, killCgroupOf } from '../processes/kill-cgroup';
import { isPopulated, listPids } from '../processes/pids';
import { type CgroupProcess, type ProcessesOptions, readProcesses } from '../processes/processes';
import { removeTree, undo } from '../processes/remove-cgroup';
import type { Source } from '../watching/moment-reader';
import type { SampleField } from '../watching/sample-fields';
import { checkWatchOptions, type Sample, type WatchOptions, watchCgroup } from '../watching/watch';
import { killEveryProcess, removeWhole } from './end-cgroup';
import { getFile, setFile } from './file-access';
import { readMemoryDetails } from './memory-details';
import { checkName, checkPid, openChecked, openGiven } from './open-given';
import { PeakTracker } from './peak-tracker';
import {
  computeUsage,
  type EffectiveLimits,
  type MemoryEvents,
  readCounts,
  readEffectiveLimits,
  type Usage,
} from './readings';
import { checkReclaim, type ReclaimOptions, reclaim } from './reclaim';

// Code that still has the directory then finds it closed.
const orphanedAnchors = new FinalizationRegistry<CgroupDirectory>((directory) => directory.close());

const orphanedFiles = new FinalizationRegistry<OpenFiles>((files) => files.close());

/** @internal */
export interface HandleOptions {
  killCgroup?: KillCgroup | undefined;
  /** The handle owns the directory's fd. */
  ownsAnchor?: boolean;
  /** Where processes of it are for a while, if anywhere. They count as its own, and end with them. */
  beside?: () => { memory: CgroupDirectory; killCgroup: KillCgroup | undefined } | undefined;
  /** See {@link SourceCgroup}. */
  hasMembers?: () => boolean;
  onWatched?: () => void;
  /** Called after this handle has changed a limit. */
  onLimited?: () => void;
  /** Called before this handle freezes or thaws the cgroup: whether it is to stay frozen. */
  onFreezing?: (staysFrozen: boolean) => void;
}

/** Options of {@link Cgroup.create}. */
export interface CreateCgroupOptions {
  /** Limits, set before any process can join. Default: none. */
  memory?: MemoryChange;
  /** The cgroup in which to create it. Default: the parent in which memcage makes cages, see docs/reference/parent.md. */
  parent?: Cgroup | string;
}

/**
 * A memory cgroup of this machine, v1 or v2, whether memcage made it or not.
 *
 * A method throws `ERR_MEMCAGE_CLOSED` after {@link close} and {@link remove}, `ERR_MEMCAGE_NO_CGROUP` once another has removed
 * the cgroup, and `ERR_MEMCAGE_NO_PERMISSION` if the kernel requires more rights.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
 */
export class Cgroup extends LazyEmitter<CgroupEvents> {
  readonly #directory: CgroupDirectory;
  readonly #options: HandleOptions;
  readonly #stat: KeptFile;
  readonly #frozenBy: FreezeHolders;
  #files: OpenFiles | undefined;
  #events: EventSources | undefined;
  #isClosed = false;

  /** The version of the hierarchy that the memory controller is on. */
  readonly version: CgroupVersion;

  /** The cgroup of this process. Throws `ERR_MEMCAGE_NOT_VISIBLE` if no mount here shows it. */
  static self(): Cgroup {
    return openAt(visibleDirectory(host(), 'self'));
  }

  /**
   * The cgroup of a process. Throws `ERR_MEMCAGE_NO_CGROUP` if there is no such process, and
   * `ERR_MEMCAGE_NOT_VISIBLE` if its cgroup is outside this process's cgroup namespace and outside what is mounted
   * here.
   *
   * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#namespace
   */
  static of(pid: number): Cgroup {
    return openAt(visibleDirectory(host(), checkPid(pid)));
  }

  /**
   * Find the cgroup of a container by its full id, by at least the first 4 digits of it, or by the name that Docker or
   * Podman gave it; that of a pod by its uid or the beginning of it; that of an LXC container or a machine by its name;
   * or any cgroup by the name of its directory, for example a systemd unit's.
   *
   * This knows Docker, Podman, containerd and CRI-O, with the cgroupfs and the systemd driver, and searches everything
   * that is mounted here. Only root can find Docker's containers by their names.
   *
   * Throws `ERR_MEMCAGE_NO_CGROUP` if there is no match, and `ERR_MEMCAGE_AMBIGUOUS`, with the `paths` of all, if
   * there are several.
   */
  static find(idOrName: string): Cgroup {
    return openAt(findCgroup(host(), idOrName));
  }

  /**
   * Open a cgroup by its path: an absolute path below the mount point, or one from the root of the hierarchy, as in
   * `/proc/<pid>/cgroup`.
   */
  static open(path: string): Cgroup {
    return own(openGiven(path), host().version);
  }

  /**
   * The topmost cgroups that are mounted here: usually one, more where several mounts show different parts of the
   * hierarchy. A walk through all cgroups begins there, with {@link descendants}.
   */
  static roots(): Cgroup[] {
    const { memory, memoryElsewhere } = host();
    return [memory, ...memoryElsewhere].map(({ mountPoint }) => openAt(mountPoint));
  }

  /**
   * @internal Its path, for cages to be made there. A handle stands for the cgroup on which it was opened: throws
   * ERR_MEMCAGE_NO_CGROUP if that was removed, or the path leads to another one by now.
   */
  pathAsParent(): string {
    const { path } = this;
    if (this.#opened().isReachable()) return path;
    const message = `${path} is not the cgroup any more that was opened there: open it again`;
    throw new MemcageError(ErrorCode.NO_CGROUP, message, { path });
  }

  /**
   * Make a cgroup. It is yours: memcage does not remove it for you.
   *
   * @param name the name of the new directory. Throws `ERR_MEMCAGE_CGROUP_EXISTS` if there is one already.
   */
  static create(name: string, options: CreateCgroupOptions = {}): Cgroup {
    checkName(name);
    const limits = checkCreateOptions(options);
    const { version } = host();
    // A handle stands for the cgroup on which it was opened, not for that cgroup's name.
    const parent = options.parent instanceof Cgroup ? options.parent.#opened().anchored() : openParent(options.parent);
    try {
      const directory = parent.below(name);
      directory.make();
      let created: Cgroup | undefined;
      try {
        if (version === 1) holdBelow(directory);
        created = own(directory.anchored(), version);
        if (limits !== undefined) created.#apply(limits);
        return created;
      } catch (error) {
        created?.close();
        undo(() => removeTree(directory));
        throw error;
      }
    } finally {
      parent.close();
    }
  }

  /** @internal The handle of a cage uses the cage's fds. */
  static over(directory: CgroupDirectory, version: CgroupVersion, options: HandleOptions = {}): Cgroup {
    return new Cgroup(directory, version, options);
  }

  private constructor(directory: CgroupDirectory, version: CgroupVersion, options: HandleOptions) {
    super();
    // In JavaScript anybody can call it.
    if (typeof directory !== 'object') {
      throw contradiction('path', words`new Cgroup() is not for callers${CURE}Cgroup.open(path)`);
    }
    this.#directory = directory;
    this.#options = options;
    this.#frozenBy = new FreezeHolders(options.onFreezing);
    this.#stat = new KeptFile(directory, memoryFile('stat', version));
    this.version = version;
    if (options.ownsAnchor === true) orphanedAnchors.register(this, directory, this);
  }

  /** Absolute path of its directory. */
  get path(): string {
    return this.#directory.path;
  }

  /** @internal For `console.log()`: what is in it now. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    return shown('Cgroup', this.path, this.facts(), options);
  }

  /** @internal */
  facts(): object {
    if (this.#isClosed) return { closed: true };
    try {
      const { usageBytes, limitBytes } = this.usage();
      return { usageBytes, limitBytes, processes: this.pids().length };
    } catch (error) {
      // Removed meanwhile, or the root of v2, which does not account its usage.
      return { unknown: (error as Error).message };
    }
  }

  /**
   * `memory.stat` with the kernel's names. Values are bytes, except for counts of events. docs/reference/memory.md has the most
   * important ones of v1 and v2 side by side.
   *
   * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
   * @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
   */
  stat(): FlatKeyed {
    this.#opened();
    return keptInJson(this.#stat.read(parseStat));
  }

  /**
   * Read an interface file. docs/reference/interface-files.md lists all files and what they mean. The type depends on the name.
   *
   * Throws `ERR_MEMCAGE_NOT_IN_VERSION` for a file of the other cgroup version, `ERR_MEMCAGE_UNSUPPORTED` for one that
   * this kernel lacks, and `ERR_MEMCAGE_WRITE_ONLY` for one that can't be read.
   *
   * @experimental
   */
  get<N extends ReadableFile>(name: N): FileValue<N> {
    // The table ties the name to the format of what is read.
    return getFile(this.#opened(), this.version, name) as FileValue<N>;
  }

  /**
   * Memory in use now, in bytes. Throws `ERR_MEMCAGE_UNSUPPORTED` for cgroups whose memory is not accounted: the root
   * of v2, and cgroups without the memory controller.
   */
  usage(): Usage {
    const directory = this.#opened();
    const file = memoryFile('usage', this.version);
    return computeUsage(this.version, {
      usage: parseValue(directory.read(file), `${this.path}/${file}`),
      limit: readMemoryFile(directory, this.version, 'max') ?? Number.POSITIVE_INFINITY,
      stat: this.stat(),
    });
  }

  /**
   * Sample the cgroup's memory repeatedly, for `for await`. The first sample comes at once, the others at multiples of
   * the interval after it. If you ask late, you get the next sample, and `missed` counts those in between. The
   * iteration ends when the cgroup is gone or the handle is closed. It throws an AbortError if the signal aborts, and
   * whatever {@link usage} throws.
   */
  watch<F extends SampleField = SampleField>(options: WatchOptions<F> = {}): AsyncIterableIterator<Sample<F>> {
    this.#opened();
    return watchCgroup(() => this.#opened(), this.version, checkWatchOptions<F>(options));
  }

  /** @internal What samples are read from; with `keepOpen`, from files that stay open until {@link close}. */
  source({ keepOpen }: { keepOpen: boolean }): Source {
    const directory = this.#opened();
    if (keepOpen && this.#files === undefined) {
      this.#files = new OpenFiles(directory);
      orphanedFiles.register(this, this.#files, this);
    }
    return { directory, files: keepOpen ? this.#files : undefined };
  }

  /** The limits in force, in bytes; `Infinity` for unlimited. Limits that this version or kernel lacks are absent. */
  limits(): Limits {
    return keptInJson(readLimits(this.#opened(), this.version, swapOn()));
  }

  /**
   * The limits that apply to the cgroup, in bytes: the smallest among its own and those of the cgroups above it that
   * are mounted here, or the machine's RAM if that is less.
   */
  effectiveLimits(): EffectiveLimits {
    const directory = this.#opened();
    const mountPoint = mountPointOf(this.path, host()) ?? host().memory.mountPoint;
    return readEffectiveLimits(directory, this.version, { mountPoint, stat: () => this.stat() });
  }

  /**
   * The highest usage so far, page cache included, in bytes. It never exceeds the limit. `memory.max_usage_in_bytes`
   * (v1), `memory.peak` (v2); `null` if the kernel does not record it (v2 before Linux 5.19).
   */
  peak(): number | null {
    return readMemoryFile(this.#opened(), this.version, 'peak') ?? null;
  }

  /** What else the kernel has counted since the cgroup was made: what `memory.details` of an outcome says of a cage. */
  details(): MemoryDetails {
    return readMemoryDetails(this.#opened(), this.version);
  }

  /**
   * Find the name that Docker or Podman gave to the container with this cgroup. `null` if it is not a container's,
   * no process is in it, or the engine does not reveal the name. Each call looks it up in /proc. Only root can find the
   * names of Docker's containers. The id is in the path: {@link containerOf}.
   */
  containerName(): string | null {
    return containerNameOf(this.#opened()) ?? null;
  }

  /**
   * Track the highest usage from now on, and from each `reset()` on. Needs v2 and Linux 6.12 (ERR_MEMCAGE_UNSUPPORTED
   * before). On v1 it throws ERR_MEMCAGE_NOT_IN_VERSION: a reset there affects everyone, even an outcome's `peakBytes`.
   *
   * @experimental
   */
  trackPeak(): PeakTracker {
    const directory = this.#opened();
    if (this.version === 2) return new PeakTracker(directory);
    throw new MemcageError(
      ErrorCode.NOT_IN_VERSION,
      'trackPeak() needs cgroup v2: on v1, where memory is here, a reset is one for everybody',
      { path: this.path },
    );
  }

  /**
   * How often limits were hit, and processes killed for memory, since the cgroup was made: `memory.events` (v2;
   * ERR_MEMCAGE_NOT_IN_VERSION on v1).
   */
  counts(
    options: {
      /** Leave out what happened in the cgroups below (Linux 5.2). Default: false. */
      local?: boolean;
    } = {},
  ): MemoryEvents {
    return readCounts(this.#opened(), this.version, options);
  }

  /** Whether all its processes are stopped, by its own {@link freeze} or that of a cgroup above. */
  isFrozen(): boolean {
    const freezer = killCgroupOf(this.version, this.#opened(), this.#options.killCgroup);
    return freezer !== undefined && isFrozen(freezer);
  }

  /**
   * How long its tasks were stalled for lack of memory: `memory.pressure` (v2, Linux 4.20; ERR_MEMCAGE_NOT_IN_VERSION
   * on v1). `null` if the kernel has no CONFIG_PSI.
   *
   * @see https://docs.kernel.org/accounting/psi.html
   */
  pressure(): Pressure | null {
    memoryFile('pressure', this.version, 'pressure()');
    return readMemoryFile(this.#opened(), this.version, 'pressure') ?? null;
  }

  /**
   * The pids of the processes in the cgroup and those below it, as in the caller's PID namespace. For a threaded cgroup
   * (v2), those of the processes that have a thread in it.
   */
  pids(): number[] {
    const own = listPids(this.#opened(), 'cgroup.procs');
    const other = this.#options.beside?.();
    return other === undefined ? own : [...own, ...listPids(other.memory, 'cgroup.procs')];
  }

  /**
   * The processes of {@link pids}, each followed by its children, with what /proc says of them: names, arguments,
   * memory. Their `rssBytes` do not add up to the {@link usage}: docs/reference/memory.md says why.
   */
  processes(options: ProcessesOptions = {}): CgroupProcess[] {
    return readProcesses(this.#opened(), options);
  }

  /** The ids of the threads in the cgroup and those below it. */
  threads(): number[] {
    return listPids(this.#opened(), memoryController(this.version).threadsFile);
  }

  /**
   * Have the kernel report more than it does by itself, as the events 'pressure' and 'threshold', until you close the
   * returned handle. Takes two fds (v2: one).
   *
   * Throws `ERR_MEMCAGE_NOT_IN_VERSION` for a trigger that only the other cgroup version has, and
   * `ERR_MEMCAGE_VALUE_REFUSED` for a window that the kernel does not accept.
   *
   * @see https://docs.kernel.org/accounting/psi.html#monitoring-for-pressure-thresholds
   * @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html#memory-thresholds
   *
   * @experimental
   */
  addTrigger(trigger: Trigger): TriggerHandle {
    this.#opened();
    return this.#sources().add(trigger);
  }

  /** Keep the Node process alive while there is a listener to a kernel event, or a trigger. By default neither does. */
  ref(): this {
    this.#opened();
    this.#sources().setReference(true);
    return this;
  }

  /** Undo {@link ref}. */
  unref(): this {
    this.#events?.setReference(false);
    return this;
  }

  /**
   * The cgroups below it, level by level, each as a handle of its own with an fd, which you close:
   * `for (using each of ...)`. It leaves out those that are removed meanwhile, and those that this process may not look
   * into, with all below them.
   */
  *descendants(): Generator<Cgroup, void, undefined> {
    // The caller may close this handle meanwhile.
    const top = this.#opened().anchored();
    try {
      top.children();
      // For a removed cgroup, the kernel lists nothing and reports no error.
      top.checkExists();
      for (const { directory } of cgroupsBelow(top)) {
        const anchored = passingOver(() => directory.anchored());
        if (anchored !== undefined) yield own(anchored, this.version);
      }
    } finally {
      top.close();
    }
  }

  /**
   * Move a running process, with all its threads, into the cgroup. Memory that it already uses stays charged to the
   * cgroup that it comes from.
   */
  add(pid: number): void {
    this.#opened().write('cgroup.procs', String(checkPid(pid)));
    // v1 emits no event: its events come from a cage's kill cgroup, which has only processes that were started in it.
    if (this.version === 2) this.noteMember();
  }

  /**
   * Write an interface file. Sizes have the same forms as in the options.
   *
   * Throws what {@link get} throws, and `ERR_MEMCAGE_READ_ONLY` for a file that can't be written, that keeps its value
   * only while it is open, or on which the kernel acts as root. If the kernel refuses the value, throws
   * `ERR_MEMCAGE_LIMIT_REFUSED` for a size, with `usageBytes` and `peakBytes` of the cgroup, and
   * `ERR_MEMCAGE_VALUE_REFUSED` for any other value.
   *
   * @experimental
   */
  set<N extends WritableFile>(name: N, value: FileInput<N>): void {
    const directory = this.#opened();
    const change = (): void => setFile(directory, this.version, name, value);
    if (isRepeated(name, this.version)) this.#limit(directory, change);
    else change();
  }

  /**
   * Change limits. Those that you leave out stay as they are. In a cage of many, a new hard limit holds at once for the
   * children that run in it, too. Throws `ERR_MEMCAGE_LIMIT_REFUSED` if v1 can't reclaim
   * what exceeds the new limit (v2 kills instead); then no limit has changed.
   */
  setLimits(memory: MemoryChange): void {
    this.#apply(resolveLimits(memory, { of: 'cgroup.setLimits', pageBytes: loadNative().constants.pageSize }));
  }

  /**
   * Reclaim memory from the cgroup and those below it: the kernel drops page cache and swaps out the rest, without
   * waiting for a limit to be hit. Needs v2 (ERR_MEMCAGE_NOT_IN_VERSION on v1) and Linux 5.19 (ERR_MEMCAGE_UNSUPPORTED
   * before). The event loop goes on, but a thread of libuv's pool is busy meanwhile.
   *
   * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
   * @param bytes how much to reclaim, at least a page; 'max' for as much as possible
   * @returns by how many bytes the usage went down. That may be less than you asked for, which is no error, or slightly
   * more. Memory that the processes allocate meanwhile makes it less.
   *
   * @experimental
   */
  async reclaim(bytes: Size, options: ReclaimOptions = {}): Promise<number> {
    const directory = this.#opened();
    const checked = checkReclaim(bytes, options, directory.native.constants.pageSize);
    memoryFile('reclaim', this.version, 'reclaim()');
    // Await it, so that this handle is not collected: that would close its fd, which is needed after the write.
    return await reclaim(directory, checked);
  }

  /**
   * Stop every process in the cgroup and below it. Resolves when all have stopped. They keep their memory, and {@link
   * kill} still ends them. No child can be started in a frozen cage. Needs v2 and Linux 5.2. On v1 it works for the
   * cgroup of a cage that has a freezer or a unified hierarchy beside it (else ERR_MEMCAGE_NOT_IN_VERSION).
   *
   * Throws ERR_MEMCAGE_BUSY, and thaws the cgroup again, if a process does not stop within 5 s or someone else thaws
   * the cgroup meanwhile.
   */
  async freeze(): Promise<void> {
    await this.#frozenBy.freeze(this.#freezer('freeze()'));
    // Look now: a thaw() may come before the kernel's notification.
    this.lookAtEvents();
  }

  /**
   * Let processes that {@link freeze} stopped run on. Throws ERR_MEMCAGE_BUSY if a cgroup above keeps it frozen, or a budget whose
   * memory is short.
   */
  async thaw(): Promise<void> {
    await this.#frozenBy.thaw(this.#freezer('thaw()'));
    this.lookAtEvents();
  }

  /**
   * Send SIGKILL to every process in the cgroup and below it, including frozen ones. Resolves when none is left. Throws
   * `ERR_MEMCAGE_BUSY` if some are left after 5 s. Uses `cgroup.kill` (v2, Linux 5.14), else freezes or stops all
   * processes and kills them one by one.
   */
  kill(): Promise<void>;
  async kill(signal?: unknown): Promise<void> {
    refuseSignal(signal, 'cgroup.kill');
    const { killCgroup, beside } = this.#options;
    const directory = this.#opened();
    await killEveryProcess(directory, killCgroup);
    const other = beside?.();
    if (other === undefined) return;
    await killEveryProcess(other.memory, other.killCgroup);
    // One may have come back meanwhile.
    await killEveryProcess(directory, killCgroup);
  }

  /**
   * Remove the cgroup and those below it. Waits for processes that are just ending. Throws `ERR_MEMCAGE_BUSY` if
   * processes are left: see {@link kill}.
   */
  async remove(): Promise<void> {
    const directory = this.#opened();
    await removeWhole(directory, () => {
      this.lookAtEvents();
      return this.awaitsTriggers(() => isPopulated(directory));
    });
    this.concludeEvents();
    this.close();
  }

  /** Close the fds of the handle. No more events come. The cgroup itself stays as it is. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#events?.close();
    this.#stat.close();
    this.#files?.close();
    orphanedFiles.unregister(this);
    if (this.#options.ownsAnchor !== true) return;
    orphanedAnchors.unregister(this);
    this.#directory.close();
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** @internal Emit what has happened so far, since the cgroup's end is near. */
  lookAtEvents(): void {
    this.#events?.look();
  }

  /** @internal See {@link EventSources.awaitsTriggers}. */
  awaitsTriggers(isPopulated: () => boolean): boolean {
    return this.#events?.awaitsTriggers(isPopulated) ?? false;
  }

  /** @internal Whether a budget could freeze it. */
  canFreeze(): boolean {
    const freezer = killCgroupOf(this.version, this.#opened(), this.#options.killCgroup);
    return freezer !== undefined && canFreeze(freezer);
  }

  /** @internal Stops its processes for a budget, or lets them run on, unless the caller has frozen it too. Does not wait for that. */
  holdForBudget(holds: boolean): void {
    const freezer = this.#freezer('freeze()');
    if (holds) this.#frozenBy.hold(freezer, 'budget');
    else this.#frozenBy.letGo(freezer, 'budget');
    this.lookAtEvents();
  }

  /** @internal The processor time of it and those below, in milliseconds; undefined where no unified hierarchy tells. */
  cpuMs(): number | undefined {
    const freezer = killCgroupOf(this.version, this.#opened(), this.#options.killCgroup);
    return freezer && cpuMs(freezer);
  }

  /** @internal A process was put into it. */
  noteMember(): void {
    this.#events?.noteMember();
  }

  /** @internal It was removed. */
  concludeEvents(): void {
    this.#events?.conclude();
  }

  /** @internal */
  protected override knownEvents(): readonly string[] {
    return CGROUP_EVENT_NAMES;
  }

  /** @internal */
  protected override listeningBegins(name: CgroupEventName): void {
    if (!isEventName(name)) return;
    this.#opened();
    this.#sources().begin(name);
  }

  /** @internal */
  protected override listeningEnds(name: CgroupEventName): void {
    this.#events?.end(name);
  }

  /** Throws `ERR_MEMCAGE_CLOSED`. */
  #opened(): CgroupDirectory {
    if (this.#isClosed) {
      throw this.#options.ownsAnchor === true
        ? closedError(`The handle on ${this.path}`, 'open the cgroup again')
        : closedError(`The cage ${this.path}`);
    }
    return this.#directory;
  }

  #sources(): EventSources {
    const { killCgroup, ownsAnchor = false, hasMembers = () => false, onWatched = () => {} } = this.#options;
    this.#events ??= new EventSources({
      version: this.version,
      directory: this.#directory,
      killCgroup,
      emitter: this,
      isForeign: ownsAnchor,
      hasMembers,
      onWatched,
      onOver: () => this.forgetListening(),
    });
    return this.#events;
  }

  #freezer(method: string): KillCgroup {
    const freezer = killCgroupOf(this.version, this.#opened(), this.#options.killCgroup);
    if (freezer !== undefined) return freezer;
    throw new MemcageError(
      ErrorCode.NOT_IN_VERSION,
      `${method} needs cgroup v2, or on v1 the cgroup of a cage with a freezer or a unified hierarchy beside it`,
      { path: this.path },
    );
  }

  #apply(limits: ResolvedLimits): void {
    const directory = this.#opened();
    this.#limit(directory, () => changeLimits(directory, this.version, limits));
  }

  #limit(directory: CgroupDirectory, change: () => void): void {
    changeWithLeaves(directory, this.version, change);
    this.#options.onLimited?.();
  }
}

function openAt(path: string): Cgroup {
  return own(openChecked(path), host().version);
}

/** A handle that owns the anchor of the directory. */
function own(directory: CgroupDirectory, version: CgroupVersion): Cgroup {
  return Cgroup.over(directory, version, { ownsAnchor: true });
}

function openParent(parent: string | undefined): CgroupDirectory {
  return parent === undefined ? openChecked(defaultParent(host()).path) : openGiven(parent);
}

/** Checks an option `parent`. */
export function checkParent(parent: unknown): asserts parent is Cgroup | string {
  if (typeof parent === 'string' || parent instanceof Cgroup) return;
  if (isRecord(parent) && parent['cgroup'] instanceof Cgroup) {
    throw contradiction('parent', words`Expected a Cgroup for parent, not a cage${CURE}parent: cage.cgroup`);
  }
  throw invalidArgument('parent', 'a Cgroup or the path of one', parent);
}

const CREATE = 'Cgroup.create';

function checkCreateOptions(options: unknown): ResolvedLimits | undefined {
  const names = { of: CREATE, known: ['memory', 'parent'] as const, aliases: ALIASES };
  const { memory, parent } = checkOptions(options, names) as CreateCgroupOptions;
  if (parent !== undefined) checkParent(parent);
  return memory === undefined
    ? undefined
    : resolveLimits(memory, { of: CREATE, pageBytes: loadNative().constants.pageSize });
}
