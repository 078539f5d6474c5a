import { type InspectOptions, inspect } from 'node:util';
import type { MemoryDetails } from '../../../types/outcome';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { LazyEmitter } from '../../common/event-loop/emitter';
import { shown } from '../../common/text/inspected';
import { containerNameOf } from '../containers/container-names';
import type { CgroupDirectory } from '../directory/directory';
import { KeptFile, OpenFiles } from '../directory/open-file';
import { type CgroupEventName, type CgroupEvents, isEventName, type TriggerHandle } from '../events/cgroup-events';
import { EventSources } from '../events/event-sources';
import type { Trigger } from '../events/trigger-options';
import { memoryController } from '../files/controller';
import { type CgroupVersion, type FlatKeyed, type Pressure, parseValue } from '../files/formats';
import type { FileValue, ReadableFile } from '../files/interface-files';
import { memoryFile } from '../files/roles';
import { parseStat } from '../files/stat-parser';
import { host, swapOn } from '../hierarchy/host';
import { mountPointOf } from '../hierarchy/resolve-path';
import { type Limits, readLimits, readMemoryFile } from '../limits/limit-files';
import { isFrozen } from '../processes/freezer';
import { type KillCgroup, killCgroupOf } from '../processes/kill-cgroup';
import { listPids } from '../processes/pids';
import { type CgroupProcess, type ProcessesOptions, readProcesses } from '../processes/processes';
import type { Source } from '../watching/moment-reader';
import type { SampleField } from '../watching/sample-fields';
import { checkWatchOptions, type Sample, type WatchOptions, watchCgroup } from '../watching/watch';
import { getFile } from './file-access';
import { readMemoryDetails } from './memory-details';
import { PeakTracker } from './peak-tracker';
import {
  computeUsage,
  type EffectiveLimits,
  type MemoryEvents,
  readEffectiveLimits,
  readEvents,
  type Usage,
} from './readings';

// Code that still has the directory then finds it closed.
const orphanedAnchors = new FinalizationRegistry<CgroupDirectory>((directory) => directory.close());

const orphanedFiles = new FinalizationRegistry<OpenFiles>((files) => files.close());

/** @internal */
export interface HandleOptions {
  killCgroup?: KillCgroup | undefined;
  /** The handle owns the directory's fd. */
  ownsAnchor?: boolean;
  /** See {@link SourceCgroup}. */
  hasMembers?: () => boolean;
  onWatched?: () => void;
  /** Called after this handle has changed a limit. */
  onLimited?: () => void;
}

/** The part of a cgroup's handle that only observes: it reads, watches and emits events. */
export abstract class ReadableCgroup extends LazyEmitter<CgroupEvents> {
  readonly #directory: CgroupDirectory;
  readonly #ownsAnchor: boolean;
  readonly #hasMembers: () => boolean;
  readonly #onWatched: () => void;
  readonly #stat: KeptFile;
  #files: OpenFiles | undefined;
  #events: EventSources | undefined;
  #isClosed = false;

  /** The version of the hierarchy that the memory controller is on. */
  readonly version: CgroupVersion;
  /** @internal */
  protected readonly killCgroup: KillCgroup | undefined;
  /** @internal */
  protected readonly onLimited: () => void;

  /** @internal Use the static methods. The handle of a cage uses the cage's fds. */
  constructor(directory: CgroupDirectory, version: CgroupVersion, options: HandleOptions = {}) {
    super();
    const { killCgroup, ownsAnchor = false, hasMembers = () => false } = options;
    const { onWatched = () => {}, onLimited = () => {} } = options;
    this.#directory = directory;
    this.killCgroup = killCgroup;
    this.onLimited = onLimited;
    this.#ownsAnchor = ownsAnchor;
    this.#hasMembers = hasMembers;
    this.#onWatched = onWatched;
    this.#stat = new KeptFile(directory, memoryFile('stat', version));
    this.version = version;
    if (ownsAnchor) orphanedAnchors.register(this, directory, this);
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
      return { usageBytes, limitBytes, processes: this.procs().length };
    } catch (error) {
      // Removed meanwhile, or the root of v2, which does not account its usage.
      return { unknown: (error as Error).message };
    }
  }

  /**
   * `memory.stat` with the kernel's names. Values are bytes, except for counts of events. docs/memory.md has the most
   * important ones of v1 and v2 side by side.
   *
   * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
   * @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
   */
  stat(): FlatKeyed {
    this.opened();
    return this.#stat.read(parseStat);
  }

  /**
   * Read an interface file. docs/interface-files.md lists all files and what they mean. The type depends on the name.
   *
   * Throws `ERR_MEMCAGE_NOT_IN_VERSION` for a file of the other cgroup version, `ERR_MEMCAGE_UNSUPPORTED` for one that
   * this kernel lacks, and `ERR_MEMCAGE_WRITE_ONLY` for one that can't be read.
   */
  get<N extends ReadableFile>(name: N): FileValue<N> {
    // The table ties the name to the format of what is read.
    return getFile(this.opened(), this.version, name) as FileValue<N>;
  }

  /**
   * Memory in use now, in bytes. Throws `ERR_MEMCAGE_UNSUPPORTED` for cgroups whose memory is not accounted: the root
   * of v2, and cgroups without the memory controller.
   */
  usage(): Usage {
    const directory = this.opened();
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
    this.opened();
    return watchCgroup(() => this.opened(), this.version, checkWatchOptions<F>(options));
  }

  /** @internal What samples are read from; with `keepOpen`, from files that stay open until {@link close}. */
  source({ keepOpen }: { keepOpen: boolean }): Source {
    const directory = this.opened();
    if (keepOpen && this.#files === undefined) {
      this.#files = new OpenFiles(directory);
      orphanedFiles.register(this, this.#files, this);
    }
    return { directory, files: keepOpen ? this.#files : undefined };
  }

  /** The limits in force, in bytes; `Infinity` for unlimited. Limits that this version or kernel lacks are absent. */
  limits(): Limits {
    return readLimits(this.opened(), this.version, swapOn());
  }

  /**
   * The limits that apply to the cgroup, in bytes: the smallest among its own and those of the cgroups above it that
   * are mounted here, or the machine's RAM if that is less.
   */
  effectiveLimits(): EffectiveLimits {
    const directory = this.opened();
    const mountPoint = mountPointOf(this.path, host()) ?? host().memory.mountPoint;
    return readEffectiveLimits(directory, this.version, { mountPoint, stat: () => this.stat() });
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
   * Find the name that Docker or Podman gave to the container with this cgroup. Undefined if it is not a container's,
   * no process is in it, or the engine does not reveal the name. Each call looks it up in /proc. Only root can find the
   * names of Docker's containers. The id is in the path: {@link containerOf}.
   */
  containerName(): string | undefined {
    return containerNameOf(this.opened());
  }

  /**
   * Track the highest usage from now on, and from each `reset()` on. Needs v2 and Linux 6.12 (ERR_MEMCAGE_UNSUPPORTED
   * before). On v1 it throws ERR_MEMCAGE_NOT_IN_VERSION: a reset there affects everyone, even an outcome's `peakBytes`.
   */
  trackPeak(): PeakTracker {
    const directory = this.opened();
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
   *
   * @param options what to count
   * @param options.local true: leave out what happened in the cgroups below (Linux 5.2). Default: false.
   */
  events(options: { local?: boolean } = {}): MemoryEvents {
    return readEvents(this.opened(), this.version, options);
  }

  /** Whether all its processes are stopped, by its own {@link freeze} or that of a cgroup above. */
  get frozen(): boolean {
    const freezer = killCgroupOf(this.version, this.opened(), this.killCgroup);
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
    return readMemoryFile(this.opened(), this.version, 'pressure') ?? null;
  }

  /**
   * The pids of the processes in the cgroup and those below it, as in the caller's PID namespace. For a threaded cgroup
   * (v2), those of the processes that have a thread in it.
   */
  procs(): number[] {
    return listPids(this.opened(), 'cgroup.procs');
  }

  /**
   * The processes of {@link procs}, each followed by its children, with what /proc says of them: names, arguments,
   * memory. Their `rssBytes` do not add up to the {@link usage}: docs/memory.md says why.
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
    this.#events?.setReference(false);
    return this;
  }

  /** Close the fds of the handle. No more events come. The cgroup itself stays as it is. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#events?.close();
    this.#stat.close();
    this.#files?.close();
    orphanedFiles.unregister(this);
    if (!this.#ownsAnchor) return;
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

  /** @internal A process was put into it. */
  noteMember(): void {
    this.#events?.noteMember();
  }

  /** @internal It was removed. */
  concludeEvents(): void {
    this.#events?.conclude();
  }

  /** @internal */
  protected override listeningBegins(name: CgroupEventName): void {
    if (!isEventName(name)) return;
    this.opened();
    this.#sources().begin(name);
  }

  /** @internal */
  protected override listeningEnds(name: CgroupEventName): void {
    this.#events?.end(name);
  }

  /** @internal Throws `ERR_MEMCAGE_CLOSED`. */
  protected opened(): CgroupDirectory {
    if (this.#isClosed) throw new MemcageError(ErrorCode.CLOSED, `The handle on ${this.path} is closed`);
    return this.#directory;
  }

  #sources(): EventSources {
    this.#events ??= new EventSources({
      version: this.version,
      directory: this.#directory,
      killCgroup: this.killCgroup,
      emitter: this,
      isForeign: this.#ownsAnchor,
      hasMembers: this.#hasMembers,
      onWatched: this.#onWatched,
      onOver: () => this.forgetListening(),
    });
    return this.#events;
  }
}
