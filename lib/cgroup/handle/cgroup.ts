import { type InspectOptions, inspect } from 'node:util';
import type { MemoryChange, Size } from '../../../types/options';
import type { MemoryDetails } from '../../../types/outcome';
import { contradiction } from '../../common/errors/argument-errors';
import { closedError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import { LazyEmitter } from '../../common/event-loop/emitter';
import { refuseSignal } from '../../common/options/checks';
import { shown } from '../../common/text/inspected';
import { keptInJson } from '../../common/text/json';
import { containerNameOf } from '../containers/container-names';
import { findCgroup } from '../containers/find-cgroup';
import type { CgroupDirectory } from '../directory/directory';
import { KeptFile, OpenFiles } from '../directory/open-file';
import { anchoredBelow } from '../directory/walk';
import {
  CGROUP_EVENT_NAMES,
  type CgroupEventName,
  type CgroupEvents,
  type TriggerHandle,
} from '../events/cgroup-events';
import { EventSources, type SourceCgroup } from '../events/event-sources';
import type { Trigger } from '../events/trigger-options';
import { memoryController } from '../files/controller';
import type { CgroupVersion, FlatKeyed, Pressure } from '../files/formats';
import type { FileInput, FileValue, ReadableFile, WritableFile } from '../files/interface-files';
import { memoryFile } from '../files/roles';
import { parseStat } from '../files/stat-parser';
import { host, swapOn, visibleDirectory } from '../hierarchy/host';
import { changeLimits, changeWithLeaves, isRepeated } from '../limits/leaf-limits';
import { type Limits, readLimits, readMemoryFile } from '../limits/limit-files';
import { resolveLimits } from '../limits/resolve-limits';
import { Freezing } from '../processes/freezing';
import { type KillCgroup, killCgroupOf } from '../processes/kill-cgroup';
import { listPids } from '../processes/pids';
import { type CgroupProcess, type ProcessesOptions, readProcesses } from '../processes/processes';
import type { SampleField } from '../watching/sample-fields';
import { checkWatchOptions, type Sample, type WatchOptions, watchCgroup } from '../watching/watch';
import { killEveryProcess, type ProcessPlace, removeWhole } from './end-cgroup';
import { getFile, setFile } from './file-access';
import { checkCreation, makeCgroup, openParent } from './make-cgroup';
import { readMemoryDetails } from './memory-details';
import { checkPid, openChecked, openGiven } from './open-given';
import { PeakTracker } from './peak-tracker';
import {
  type EffectiveLimits,
  type MemoryEvents,
  readCounts,
  readEffectiveLimits,
  readUsage,
  shownFacts,
  type Usage,
} from './readings';
import { type ReclaimOptions, reclaim } from './reclaim';

// Code that still has the directory then finds it closed.
const orphans = new FinalizationRegistry<CgroupDirectory>((directory) => directory.close());

/** @internal */
export interface HandleOptions extends Partial<Pick<SourceCgroup, 'killCgroup' | 'hasMembers' | 'onWatched'>> {
  /** The handle owns the directory's fd. */
  ownsAnchor?: boolean;
  /** Where processes of it are for a while, if anywhere. They count as its own, and end with them. */
  beside?: () => ProcessPlace | undefined;
  /** Called after this handle has changed a limit. */
  onLimited?: () => void;
  /** See {@link Freezing}. */
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
  #files: OpenFiles | undefined;
  #isClosed = false;

  /** @internal Undefined until somebody listens: most cages come and go unheard. */
  events: EventSources | undefined;
  /** @internal */
  readonly freezing: Freezing;

  /** The version of the hierarchy that the memory controller is on. */
  readonly version: CgroupVersion;

  /** The cgroup of this process. Throws `ERR_MEMCAGE_NOT_VISIBLE` if no mount here shows it. */
  static self(): Cgroup {
    return own(openChecked(visibleDirectory(host(), 'self')));
  }

  /**
   * The cgroup of a process. Throws `ERR_MEMCAGE_NO_CGROUP` if there is no such process, and `ERR_MEMCAGE_NOT_VISIBLE` if its
   * cgroup is outside this process's cgroup namespace and outside what is mounted here.
   *
   * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#namespace
   */
  static of(pid: number): Cgroup {
    return own(openChecked(visibleDirectory(host(), checkPid(pid))));
  }

  /**
   * Find the cgroup of a container by its full id, by at least the first 4 digits of it, or by the name that Docker or Podman gave
   * it; that of a pod by its uid or the beginning of it; that of an LXC container or a machine by its name; or any cgroup by the
   * name of its directory, such as a systemd unit's.
   *
   * This knows Docker, Podman, containerd and CRI-O, with the cgroupfs and the systemd driver, and searches all that is mounted
   * here. Only root can find Docker's containers by their names. Throws `ERR_MEMCAGE_NO_CGROUP` if there is no match, and
   * `ERR_MEMCAGE_AMBIGUOUS`, with the `paths` of all, if there are several.
   */
  static find(idOrName: string): Cgroup {
    return own(openChecked(findCgroup(host(), idOrName)));
  }

  /** Open a cgroup by its path: absolute below the mount point, or from the root of the hierarchy, as in `/proc/<pid>/cgroup`. */
  static open(path: string): Cgroup {
    return own(openGiven(path));
  }

  /** The topmost cgroups mounted here, usually one; several mounts may show different parts. {@link descendants} walks on. */
  static roots(): Cgroup[] {
    const { memory, memoryElsewhere } = host();
    return [memory, ...memoryElsewhere].map(({ mountPoint }) => own(openChecked(mountPoint)));
  }

  /**
   * Make a cgroup. It is yours: memcage does not remove it for you.
   *
   * @param name the name of the new directory. Throws `ERR_MEMCAGE_CGROUP_EXISTS` if there is one already.
   */
  static create(name: string, options: CreateCgroupOptions = {}): Cgroup {
    const { limits, parent } = checkCreation(name, options);
    // A handle stands for the cgroup on which it was opened, not for that cgroup's name.
    const above = parent instanceof Cgroup ? parent.opened().anchored() : openParent(parent);
    return own(makeCgroup(above, name, limits));
  }

  /** @internal The handle of a cage uses the cage's fds. */
  static over(directory: CgroupDirectory, version: CgroupVersion, options: HandleOptions = {}): Cgroup {
    return new Cgroup(directory, version, options);
  }

  private constructor(directory: CgroupDirectory, version: CgroupVersion, options: HandleOptions) {
    super(CGROUP_EVENT_NAMES);
    // In JavaScript anybody can call it.
    if (typeof directory !== 'object') {
      throw contradiction('path', words`new Cgroup() is not for callers${CURE}Cgroup.open(path)`);
    }
    this.#directory = directory;
    this.#options = options;
    this.#stat = new KeptFile(directory, memoryFile('stat', version));
    this.version = version;
    this.freezing = new Freezing(this, options.onFreezing);
    if (options.ownsAnchor === true) orphans.register(this, directory, this);
  }

  /** Absolute path of its directory. */
  get path(): string {
    return this.#directory.path;
  }

  /** @internal For `console.log()`: what is in it now. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    return shown('Cgroup', this.path, this.#isClosed ? { closed: true } : shownFacts(this), options);
  }

  /**
   * `memory.stat` with the kernel's names. Values are bytes, except for counts of events. docs/reference/memory.md has the most
   * important ones of v1 and v2 side by side.
   */
  stat(): FlatKeyed {
    this.opened();
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
    return getFile(this.opened(), this.version, name) as FileValue<N>;
  }

  /** Memory in use now, in bytes. Throws `ERR_MEMCAGE_UNSUPPORTED` in the root of v2, and without the memory controller. */
  usage(): Usage {
    return readUsage(this.opened(), this.version, () => this.stat());
  }

  /**
   * Sample the cgroup's memory repeatedly, for `for await`. The first sample comes at once, the others at multiples of the interval
   * after it. If you ask late, you get the next sample, and `missed` counts those in between. The iteration ends when the cgroup is
   * gone or the handle is closed. It throws an AbortError if the signal aborts, and whatever {@link usage} throws.
   */
  watch<F extends SampleField = SampleField>(options: WatchOptions<F> = {}): AsyncIterableIterator<Sample<F>> {
    this.opened();
    return watchCgroup(() => this.opened(), this.version, checkWatchOptions<F>(options));
  }

  /** @internal Files of it that stay open until {@link close}. */
  keptFiles(): OpenFiles {
    this.#files ??= new OpenFiles(this.opened());
    return this.#files;
  }

  /** The limits in force, in bytes; `Infinity` for unlimited. Limits that this version or kernel lacks are absent. */
  limits(): Limits {
    return keptInJson(readLimits(this.opened(), this.version, swapOn()));
  }

  /** The limits that apply to it, in bytes: the smallest of its own, those of the cgroups above that are mounted, and the RAM. */
  effectiveLimits(): EffectiveLimits {
    return readEffectiveLimits(this.opened(), this.version, () => this.stat());
  }

  /**
   * The highest usage so far, page cache included, in bytes. It never exceeds the limit. `memory.max_usage_in_bytes`
   * (v1), `memory.peak` (v2); `null` if the kernel does not record it (v2 before Linux 5.19).
   */
  peak(): number | null {
    return readMemoryFile(this.opened(), this.version, 'peak') ?? null;
  }

  /** What else the kernel has counted since the cgroup was made: what `memory.details` of an outcome says of a cage. */
  details(): MemoryDetails {
    return readMemoryDetails(this.opened(), this.version);
  }

  /**
   * Find the name that Docker or Podman gave to the container with this cgroup. `null` if it is not a container's,
   * no process is in it, or the engine does not reveal the name. Each call looks it up in /proc. Only root can find the
   * names of Docker's containers. The id is in the path: {@link containerOf}.
   */
  containerName(): string | null {
    return containerNameOf(this.opened()) ?? null;
  }

  /**
   * Track the highest usage from now on, and from each `reset()` on. Needs v2 and Linux 6.12 (ERR_MEMCAGE_UNSUPPORTED
   * before). On v1 it throws ERR_MEMCAGE_NOT_IN_VERSION: a reset there affects everyone, even an outcome's `peakBytes`.
   *
   * @experimental
   */
  trackPeak(): PeakTracker {
    return new PeakTracker(this.opened(), this.version);
  }

  /** How often limits were hit, and processes killed for memory, so far: `memory.events` (v2; ERR_MEMCAGE_NOT_IN_VERSION on v1). */
  counts(
    options: {
      /** Leave out what happened in the cgroups below (Linux 5.2). Default: false. */
      local?: boolean;
    } = {},
  ): MemoryEvents {
    return readCounts(this.opened(), this.version, options);
  }

  /** Whether all its processes are stopped, by its own {@link freeze} or that of a cgroup above. */
  isFrozen(): boolean {
    return this.freezing.isFrozen;
  }

  /**
   * How long its tasks were stalled for lack of memory: `memory.pressure` (v2, Linux 4.20; ERR_MEMCAGE_NOT_IN_VERSION
   * on v1). `null` if the kernel has no CONFIG_PSI.
   *
   * @see https://docs.kernel.org/accounting/psi.html
   */
  pressure(): Pressure | null {
    memoryFile('pressure', this.version, 'pressure()');
    return readMemoryFile(this.opened(), this.version, 'pressure') ?? null;
  }

  /** The pids, as you see them, of the processes in it and below. For a threaded cgroup (v2), of those with a thread in it. */
  pids(): number[] {
    const beside = this.#options.beside?.();
    return [this.opened(), ...(beside ? [beside.memory] : [])].flatMap((each) => listPids(each, 'cgroup.procs'));
  }

  /**
   * The processes of {@link pids}, each followed by its children, with what /proc says of them: names, arguments,
   * memory. Their `rssBytes` do not add up to the {@link usage}: docs/reference/memory.md says why.
   */
  processes(options: ProcessesOptions = {}): CgroupProcess[] {
    return readProcesses(this.opened(), options);
  }

  /** The ids of the threads in the cgroup and those below it. */
  threads(): number[] {
    return listPids(this.opened(), memoryController(this.version).threadsFile);
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
    this.opened();
    return this.#sources().add(trigger);
  }

  /** Keep the Node process alive while there is a listener to a kernel event, or a trigger. By default neither does. */
  ref(): this {
    this.opened();
    this.#sources().setReference(true);
    return this;
  }

  /** Undo {@link ref}. */
  unref(): this {
    this.events?.setReference(false);
    return this;
  }

  /**
   * The cgroups below it, level by level, each as a handle of its own with an fd, which you close: `for (using each of ...)`. It
   * leaves out those that are removed meanwhile, and those that this process may not look into, with all below them.
   */
  *descendants(): Generator<Cgroup, void, undefined> {
    for (const directory of anchoredBelow(this.opened())) yield own(directory);
  }

  /** Move a running process, with all its threads, into the cgroup. Memory that it uses stays charged to where it comes from. */
  add(pid: number): void {
    this.opened().write('cgroup.procs', String(checkPid(pid)));
    // v1 emits no event: its events come from a cage's kill cgroup, which has only processes that were started in it.
    if (this.version === 2) this.events?.noteMember();
  }

  /**
   * Write an interface file. Sizes have the same forms as in the options.
   *
   * Throws what {@link get} throws, and `ERR_MEMCAGE_READ_ONLY` for a file that can't be written, that keeps its value only while
   * it is open, or on which the kernel acts as root. If the kernel refuses the value, throws `ERR_MEMCAGE_LIMIT_REFUSED` for a size,
   * with `usageBytes` and `peakBytes` of the cgroup, and `ERR_MEMCAGE_VALUE_REFUSED` for any other value.
   *
   * @experimental
   */
  set<N extends WritableFile>(name: N, value: FileInput<N>): void {
    const directory = this.opened();
    const change = (): void => setFile(directory, this.version, name, value);
    if (isRepeated(name, this.version)) this.#limit(directory, change);
    else change();
  }

  /**
   * Change limits. Those that you leave out stay as they are. In a cage of many, a new hard limit holds at once for the children
   * in it, too. Throws `ERR_MEMCAGE_LIMIT_REFUSED` if v1 can't reclaim what exceeds it (v2 kills); then no limit has changed.
   */
  setLimits(memory: MemoryChange): void {
    const directory = this.opened();
    const limits = resolveLimits(memory, { of: 'cgroup.setLimits', pageBytes: directory.native.constants.pageSize });
    this.#limit(directory, () => changeLimits(directory, this.version, limits));
  }

  /**
   * Reclaim memory from the cgroup and those below it: the kernel drops page cache and swaps out the rest, without waiting for a
   * limit to be hit. Needs v2 (ERR_MEMCAGE_NOT_IN_VERSION on v1) and Linux 5.19 (ERR_MEMCAGE_UNSUPPORTED before). The event loop
   * goes on, but a thread of libuv's pool is busy meanwhile.
   *
   * @param bytes how much to reclaim, at least a page; 'max' for as much as possible
   * @returns by how many bytes the usage went down. That may be less than you asked for, which is no error, or slightly more.
   * Memory that the processes allocate meanwhile makes it less.
   *
   * @experimental
   */
  async reclaim(bytes: Size, options: ReclaimOptions = {}): Promise<number> {
    // Await it, so that this handle is not collected: that would close its fd, which is needed after the write.
    return await reclaim(this.opened(), this.version, { bytes, options });
  }

  /**
   * Stop every process in the cgroup and below it. Resolves when all have stopped. They keep their memory, and {@link kill} still
   * ends them. No child can be started in a frozen cage. Needs v2 and Linux 5.2. On v1 it works for the cgroup of a cage that has a
   * freezer or a unified hierarchy beside it (else ERR_MEMCAGE_NOT_IN_VERSION). Throws ERR_MEMCAGE_BUSY, and thaws the cgroup
   * again, if a process does not stop within 5 s or someone else thaws the cgroup meanwhile.
   */
  async freeze(): Promise<void> {
    await this.freezing.freeze();
  }

  /** Undo {@link freeze}. Throws ERR_MEMCAGE_BUSY if a cgroup above keeps the cgroup frozen, or a budget whose memory is short. */
  async thaw(): Promise<void> {
    await this.freezing.thaw();
  }

  /**
   * Send SIGKILL to every process in the cgroup and below it, frozen ones too. Resolves when none is left. Throws `ERR_MEMCAGE_BUSY`
   * if some are left after 5 s. Uses `cgroup.kill` (v2, Linux 5.14), else freezes or stops all processes and kills one by one.
   */
  kill(): Promise<void>;
  async kill(signal?: unknown): Promise<void> {
    refuseSignal(signal, 'cgroup.kill');
    const { killCgroup, beside } = this.#options;
    await killEveryProcess({ memory: this.opened(), killCgroup }, beside);
  }

  /** Remove the cgroup and those below it. Waits for ending processes. Throws `ERR_MEMCAGE_BUSY` if others are left: {@link kill}. */
  async remove(): Promise<void> {
    await removeWhole(this.opened(), this);
    this.events?.conclude();
    this.close();
  }

  /** Close the fds of the handle. No more events come. The cgroup itself stays as it is. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.events?.close();
    this.#stat.close();
    this.#files?.close();
    if (this.#options.ownsAnchor !== true) return;
    orphans.unregister(this);
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

  /** @internal Where the kernel can stop or kill its processes at once; undefined on v1 if it has none. */
  get killCgroup(): KillCgroup | undefined {
    return killCgroupOf(this.version, this.opened(), this.#options.killCgroup);
  }

  /** @internal */
  protected override listeningBegins(name: CgroupEventName): void {
    this.opened();
    this.#sources().begin(name);
  }

  /** @internal */
  protected override listeningEnds(name: CgroupEventName): void {
    this.events?.end(name);
  }

  /** @internal Its directory. Throws `ERR_MEMCAGE_CLOSED`. */
  opened(): CgroupDirectory {
    if (this.#isClosed) {
      throw this.#options.ownsAnchor === true
        ? closedError(`The handle on ${this.path}`, 'open the cgroup again')
        : closedError(`The cage ${this.path}`);
    }
    return this.#directory;
  }

  #sources(): EventSources {
    const { ownsAnchor: isForeign = false, ...others } = this.#options;
    const [version, directory, onOver] = [this.version, this.#directory, () => this.forgetListening()];
    this.events ??= new EventSources({ ...others, version, directory, emitter: this, isForeign, onOver });
    return this.events;
  }

  #limit(directory: CgroupDirectory, change: () => void): void {
    changeWithLeaves(directory, this.version, change);
    this.#options.onLimited?.();
  }
}

/** A handle that owns the anchor of the directory. */
function own(directory: CgroupDirectory): Cgroup {
  return Cgroup.over(directory, host().version, { ownsAnchor: true });
}
