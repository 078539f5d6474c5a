import type { MemoryOption, Size } from '../../types/options';
import { ErrorCode, invalidArgument, MemcageError } from '../errors';
import { loadNative } from '../native';
import { withAccess } from './access';
import type { CgroupDirectory } from './directory';
import { type EffectiveLimits, readEffectiveLimits } from './effective-limits';
import { getFile, setFile } from './files/access';
import { memoryFile } from './files/roles';
import type { FileInput, FileValue, ReadableFile, WritableFile } from './files/table';
import { findCgroup } from './find';
import { type CgroupVersion, type FlatKeyed, type Pressure, parseValue } from './formats';
import { type Freezer, freeze, freezerOf, isFrozen, thaw } from './freezer';
import { host, openDirectory, swapOn, visibleDirectory } from './host';
import { KeptFile } from './kept-file';
import { type Guard, killAll } from './kill';
import { type Limits, readLimits, readMemoryFile, writeLimits } from './limit-files';
import { planLimits, type ResolvedLimits, resolveLimits } from './limits';
import { type MemoryEvents, readEvents } from './memory-events';
import { OpenFiles } from './open-files';
import { defaultParent } from './parent/default-parent';
import { PeakTracker } from './peak-tracker';
import { isPopulated, listPids } from './pids';
import { type CgroupProcess, type ProcessesOptions, readProcesses } from './processes';
import { checkReclaim, type ReclaimOptions, reclaim } from './reclaim';
import { cgroupError } from './refusal';
import { removeTree, retry } from './remove';
import { mountPointOf, resolveGiven } from './resolve-path';
import { createStatParser } from './stat-parser';
import { computeUsage, type Usage } from './usage';
import type { SampleField } from './watching/fields';
import type { Source } from './watching/moments';
import { checkWatchOptions, type Sample, type WatchOptions, watchCgroup } from './watching/watch';

/** How long {@link Cgroup.kill} goes on, and how long {@link Cgroup.remove} waits for processes that are just ending. */
const KILL_PATIENCE_MS = 5000;
const REMOVE_PATIENCE_MS = 500;

/** One parser for all: the names are the same in every cgroup of a machine, and known ones parse faster. */
const parseStat = createStatParser();

const orphanedAnchors = new FinalizationRegistry<number>((fd) => loadNative().closeFd({ fd }));

const orphanedFiles = new FinalizationRegistry<OpenFiles>((files) => files.close());

/** Options of {@link Cgroup.create}. */
export interface CreateCgroupOptions {
  /** Limits, set before anything can join. Default: none. */
  memory?: MemoryOption;
  /** The cgroup to create it in. Default: where cages are made, see docs/parent.md. */
  parent?: Cgroup | string;
}

/**
 * A memory cgroup of this machine, v1 or v2: memcage's, or anyone's.
 *
 * Every method throws `ERR_MEMCAGE_CGROUP_GONE` once the cgroup has been removed, and `ERR_MEMCAGE_NO_PERMISSION` where
 * the kernel wants more rights.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
 */
export class Cgroup {
  readonly #directory: CgroupDirectory;
  readonly #guard: Guard | undefined;
  readonly #stat: KeptFile;
  readonly #ownsAnchor: boolean;
  #files: OpenFiles | undefined;
  #closed = false;

  /** The version of the hierarchy that the memory controller is on. */
  readonly version: CgroupVersion;

  /** @internal Use the static methods. The fds of a cage's handle are the cage's. */
  constructor(
    directory: CgroupDirectory,
    version: CgroupVersion,
    { guard, ownsAnchor = false }: { guard?: Guard | undefined; ownsAnchor?: boolean } = {},
  ) {
    this.#directory = directory;
    this.#guard = guard;
    this.#ownsAnchor = ownsAnchor;
    this.#stat = new KeptFile(directory, memoryFile('stat', version));
    this.version = version;
  }

  /** The cgroup of this process. Throws `ERR_MEMCAGE_NOT_VISIBLE` when no mount here shows it. */
  static self(): Cgroup {
    return openAt(visibleDirectory(host(), 'self'));
  }

  /**
   * The cgroup of a process. Throws `ERR_MEMCAGE_CGROUP_GONE` when there is no such process, and
   * `ERR_MEMCAGE_NOT_VISIBLE` when its cgroup is outside of this process's cgroup namespace, and of what is mounted here.
   *
   * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#namespace
   */
  static of(pid: number): Cgroup {
    return openAt(visibleDirectory(host(), checkPid(pid)));
  }

  /**
   * The cgroup of a container, by its full id or at least the first 4 digits of it, or by the name that Docker or Podman has
   * given it; of a pod by its uid or the beginning of it, of an LXC container or a machine by its name; or any cgroup by the
   * name of its directory, a systemd unit's for example. Docker, Podman, containerd and CRI-O are known, with the cgroupfs
   * and the systemd driver. All that is mounted here is walked through. Names of Docker's containers can be told by root only.
   *
   * Throws `ERR_MEMCAGE_CGROUP_GONE` when there is none, and `ERR_MEMCAGE_AMBIGUOUS`, with the candidates, when there are
   * several.
   */
  static find(idOrName: string): Cgroup {
    return openAt(findCgroup(host(), idOrName));
  }

  /** A cgroup by its path: absolute below the mount point, or as in `/proc/<pid>/cgroup` from the root of the hierarchy. */
  static open(path: string): Cgroup {
    return openAt(Cgroup.resolve(path));
  }

  /** @internal Absolute path of what {@link open} opens. */
  static resolve(path: unknown): string {
    return resolveGiven(path, host());
  }

  /**
   * Make a cgroup. It belongs to the caller, who removes it: memcage does not do it for him.
   *
   * @param name of the new directory; `ERR_MEMCAGE_CGROUP_EXISTS` when there is one already
   */
  static create(name: string, options: CreateCgroupOptions = {}): Cgroup {
    checkName(name);
    const limits = checkCreateOptions(options);
    const { version } = host();
    // A handle stands for the cgroup that it was opened on, not for its name.
    const parent = options.parent instanceof Cgroup ? options.parent.#open().anchored() : openParent(options.parent);
    try {
      const directory = parent.below(name);
      directory.make();
      let created: Cgroup | undefined;
      try {
        created = adopt(directory, version);
        if (limits !== undefined) created.#apply(limits);
        return created;
      } catch (error) {
        created?.close();
        removeTree(directory);
        throw error;
      }
    } finally {
      parent.native.closeFd({ fd: parent.anchor });
    }
  }

  /** Absolute path of its directory. */
  get path(): string {
    return this.#directory.path;
  }

  /** Move a running process, with all its threads, into the cgroup. What it used before stays charged where it was. */
  add(pid: number): void {
    this.#open().write('cgroup.procs', String(checkPid(pid)));
  }

  /**
   * `memory.stat` with the kernel's names; bytes, save for the counters of events. docs/memory.md has the most important
   * ones of v1 and v2 side by side.
   *
   * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
   * @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
   */
  stat(): FlatKeyed {
    this.#open();
    return this.#stat.read(parseStat);
  }

  /**
   * Read an interface file; docs/interface-files.md lists them all, with what they mean. Typed by the name.
   *
   * Throws `ERR_MEMCAGE_NOT_IN_VERSION` for a file of the other cgroup version, `ERR_MEMCAGE_UNSUPPORTED` for one that
   * this kernel lacks, and `ERR_MEMCAGE_WRITE_ONLY` for one that can't be read.
   */
  get<N extends ReadableFile>(name: N): FileValue<N> {
    // The table ties the name to the format of what is read.
    return getFile(this.#open(), this.version, name) as FileValue<N>;
  }

  /**
   * Write an interface file. Sizes are taken as in the options.
   *
   * Throws as {@link get}; `ERR_MEMCAGE_READ_ONLY` for a file that can't be written, or in which nothing stays; and when
   * the kernel refuses the value `ERR_MEMCAGE_LIMIT_REFUSED` for a size, with `usageBytes` and `peakBytes` of the cgroup,
   * `ERR_MEMCAGE_VALUE_REFUSED` for any other.
   */
  set<N extends WritableFile>(name: N, value: FileInput<N>): void {
    setFile(this.#open(), this.version, name, value);
  }

  /**
   * Memory in use now, in bytes. Throws `ERR_MEMCAGE_UNSUPPORTED` where there is no account of it: for the root of v2, and for
   * a cgroup without the memory controller.
   */
  usage(): Usage {
    const directory = this.#open();
    return computeUsage(this.version, {
      usage: this.#value('usage'),
      limit: readMemoryFile(directory, this.version, 'max') ?? Number.POSITIVE_INFINITY,
      stat: this.stat(),
    });
  }

  /**
   * Its memory again and again, for `for await`. The first sample comes at once, each other at a multiple of the interval
   * after it; one that is asked for late is the next, with the number of those `missed`. It ends when the cgroup is gone or
   * the handle closed, by an AbortError with the signal, and by what {@link usage} throws.
   */
  watch<F extends SampleField = SampleField>(options: WatchOptions<F> = {}): AsyncIterableIterator<Sample<F>> {
    this.#open();
    return watchCgroup(() => this.#open(), this.version, checkWatchOptions<F>(options));
  }

  /** @internal What it is read through; with `keepOpen` by files that stay open until {@link close}. */
  source({ keepOpen }: { keepOpen: boolean }): Source {
    const directory = this.#open();
    if (keepOpen && this.#files === undefined) {
      this.#files = new OpenFiles(directory);
      orphanedFiles.register(this, this.#files, this);
    }
    return { directory, files: keepOpen ? this.#files : undefined };
  }

  /** The limits in force, in bytes, `Infinity` for unlimited; what this version or kernel has not is left out. */
  limits(): Limits {
    return readLimits(this.#open(), this.version, swapOn());
  }

  /**
   * What limits the cgroup, whoever it was set for: the smallest limits of it and of those above it, as far as they are
   * mounted here, and the machine's RAM. In bytes.
   */
  effectiveLimits(): EffectiveLimits {
    const directory = this.#open();
    const mountPoint = mountPointOf(this.path, host()) ?? host().memory.mountPoint;
    return readEffectiveLimits(directory, this.version, { mountPoint, stat: () => this.stat() });
  }

  /**
   * Change limits; what is left out stays as it is. Throws `ERR_MEMCAGE_LIMIT_REFUSED` when v1 can't reclaim what is above
   * the new limit (v2 kills instead); then none has changed.
   */
  setLimits(memory: MemoryOption): void {
    this.#apply(resolveLimits(memory, { pageBytes: loadNative().constants.pageSize }));
  }

  /**
   * The highest use so far, page cache included, in bytes: it stops at the limit. `memory.max_usage_in_bytes` (v1),
   * `memory.peak` (v2); `null` where the kernel does not record it (v2 before Linux 5.19).
   */
  peak(): number | null {
    return readMemoryFile(this.#open(), this.version, 'peak') ?? null;
  }

  /**
   * Follow the highest use from now on, and from each `reset()` on (v2, Linux 6.12: ERR_MEMCAGE_UNSUPPORTED before).
   * v1 can only start anew for everyone, the outcome's `peakBytes` included: ERR_MEMCAGE_NOT_IN_VERSION.
   */
  trackPeak(): PeakTracker {
    const directory = this.#open();
    if (this.version === 2) return new PeakTracker(directory);
    throw new MemcageError(
      ErrorCode.NOT_IN_VERSION,
      'trackPeak() needs cgroup v2: on v1, where memory is here, a reset is one for everybody',
      { path: this.path },
    );
  }

  /**
   * How often limits were hit and processes were killed for memory, since the cgroup exists: `memory.events` (v2;
   * ERR_MEMCAGE_NOT_IN_VERSION on v1).
   *
   * @param options what to count
   * @param options.local without what happened in the cgroups below (Linux 5.2)
   */
  events(options: { local?: boolean } = {}): MemoryEvents {
    return readEvents(this.#open(), this.version, options);
  }

  /**
   * Take memory back from the cgroup and those below: page cache is dropped, the rest swapped out, without waiting for a
   * limit to be hit. v2 (ERR_MEMCAGE_NOT_IN_VERSION on v1), Linux 5.19 (ERR_MEMCAGE_UNSUPPORTED before). The event loop
   * goes on; a thread of libuv's pool is busy meanwhile.
   *
   * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
   * @param bytes how much, a whole page at least; 'max': all that can be
   * @returns by how many bytes the use went down: maybe less than asked for, which is no error, or a bit more. What its
   * processes take meanwhile makes it less.
   */
  async reclaim(bytes: Size, options: ReclaimOptions = {}): Promise<number> {
    const directory = this.#open();
    const checked = checkReclaim(bytes, options, directory.native.constants.pageSize);
    memoryFile('reclaim', this.version, 'reclaim()');
    return reclaim(directory, checked);
  }

  /**
   * Stop every process in the cgroup and below it; resolves when all have stopped. They keep their memory, and
   * {@link kill} ends them all the same. Nothing can be started in a frozen cage. v2, Linux 5.2; on v1 the cgroup of a
   * cage, where there is a hierarchy to do it with (ERR_MEMCAGE_NOT_IN_VERSION elsewhere).
   *
   * Throws ERR_MEMCAGE_BUSY, and takes it back, when a process does not stop within 5 s, or someone thaws it meanwhile.
   */
  async freeze(): Promise<void> {
    await freeze(this.#freezer('freeze()'));
  }

  /** Let what {@link freeze} has stopped run on. ERR_MEMCAGE_BUSY when a cgroup above keeps it frozen. */
  async thaw(): Promise<void> {
    await thaw(this.#freezer('thaw()'));
  }

  /** Whether all of it has stopped, by its own {@link freeze} or that of a cgroup above. */
  get frozen(): boolean {
    const freezer = freezerOf(this.version, this.#open(), this.#guard);
    return freezer !== undefined && isFrozen(freezer);
  }

  /**
   * For how long its tasks were stalled for want of memory: `memory.pressure` (v2, Linux 4.20; ERR_MEMCAGE_NOT_IN_VERSION
   * on v1); `null` in a kernel without CONFIG_PSI.
   *
   * @see https://docs.kernel.org/accounting/psi.html
   */
  pressure(): Pressure | null {
    memoryFile('pressure', this.version, 'pressure()');
    return readMemoryFile(this.#open(), this.version, 'pressure') ?? null;
  }

  /**
   * The processes in the cgroup and in those below it, as pids of the caller's PID namespace. Of a threaded cgroup (v2)
   * those that have a thread in it.
   */
  procs(): number[] {
    return listPids(this.#open(), 'cgroup.procs');
  }

  /**
   * The same processes, each followed by its children, with what /proc has of them: names, arguments, memory. Their
   * `rssBytes` do not add up to the {@link usage}: docs/memory.md tells why.
   */
  processes(options: ProcessesOptions = {}): CgroupProcess[] {
    return readProcesses(this.#open(), options);
  }

  /** The threads of {@link procs}, by their ids. */
  threads(): number[] {
    return listPids(this.#open(), this.version === 1 ? 'tasks' : 'cgroup.threads');
  }

  /**
   * SIGKILL for every process in the cgroup and below it, frozen ones included. Resolves when none is left; throws
   * `ERR_MEMCAGE_BUSY` when some are after 5 s. By `cgroup.kill` (v2, Linux 5.14), else one by one.
   */
  async kill(): Promise<void> {
    const directory = this.#open();
    killAll(directory, this.#guard);
    const empty = (): boolean => {
      // Removed in the meantime, by the end of a private cage for example.
      if (!directory.exists() || !isPopulated(directory)) return true;
      killAll(directory, this.#guard);
      return false;
    };
    if (!(await retry(empty, KILL_PATIENCE_MS))) throw this.#busy('kill all of');
  }

  /**
   * Remove the cgroup and those below it. Throws `ERR_MEMCAGE_BUSY` when processes are left: see {@link kill}. Those that
   * are just ending are waited for.
   */
  async remove(): Promise<void> {
    const directory = this.#open();
    if (!withAccess(directory, () => directory.exists()))
      throw new MemcageError(ErrorCode.CGROUP_GONE, `${this.path} was removed`, { path: this.path });
    this.#stat.close();
    // A cgroup is removed by its name, which may be another one's by now.
    const attempt = (): boolean => !directory.exists() || removeTree(directory);
    if (!(await retry(attempt, REMOVE_PATIENCE_MS))) throw this.#busy('remove');
    this.close();
  }

  /** Give back its fds. The cgroup itself stays as it is. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stat.close();
    this.#files?.close();
    orphanedFiles.unregister(this);
    if (!this.#ownsAnchor) return;
    orphanedAnchors.unregister(this);
    this.#directory.native.closeFd({ fd: this.#directory.anchor });
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #open(): CgroupDirectory {
    if (this.#closed) throw new MemcageError(ErrorCode.CLOSED, `The handle on ${this.path} is closed`);
    return this.#directory;
  }

  #freezer(method: string): Freezer {
    const freezer = freezerOf(this.version, this.#open(), this.#guard);
    if (freezer !== undefined) return freezer;
    throw new MemcageError(
      ErrorCode.NOT_IN_VERSION,
      `${method} needs cgroup v2, or on v1 the cgroup of a cage with a freezer or a unified hierarchy beside it`,
      { path: this.path },
    );
  }

  #value(name: 'usage'): number {
    const file = memoryFile(name, this.version);
    return parseValue(this.#open().read(file), `${this.path}/${file}`);
  }

  #apply(limits: ResolvedLimits): void {
    const directory = this.#open();
    const { max, swap } = this.limits();
    const plan = planLimits(limits, {
      version: this.version,
      swapAccounting: swap !== undefined,
      swapOn: swapOn(),
      current: { max, swap: swap ?? Number.POSITIVE_INFINITY },
      pageBytes: directory.native.constants.pageSize,
    });
    // Nothing is being cloned into it by this thread now, so what must wait for that comes last.
    writeLimits(directory, this.version, [...plan.writes, ...plan.deferred]);
  }

  #busy(doing: string): MemcageError {
    const pids = withAccess(this.#directory, () => listPids(this.#directory, 'cgroup.procs'));
    return new MemcageError(
      ErrorCode.BUSY,
      `Could not ${doing} ${this.path}: processes ${pids.slice(0, 10).join(', ')} are in it`,
      { path: this.path },
    );
  }
}

function openAt(path: string): Cgroup {
  try {
    return own(openDirectory(path), host().version);
  } catch (error) {
    throw cgroupError(error, 'open', path);
  }
}

/** The handle of a directory with an anchor of its own. */
function own(directory: CgroupDirectory, version: CgroupVersion): Cgroup {
  const cgroup = new Cgroup(directory, version, { ownsAnchor: true });
  orphanedAnchors.register(cgroup, directory.anchor, cgroup);
  return cgroup;
}

function adopt(directory: CgroupDirectory, version: CgroupVersion): Cgroup {
  return own(directory.anchored(), version);
}

function openParent(parent: string | undefined): CgroupDirectory {
  const path = parent === undefined ? defaultParent(host()).path : Cgroup.resolve(parent);
  try {
    return openDirectory(path);
  } catch (error) {
    throw cgroupError(error, 'open', path);
  }
}

function checkPid(pid: unknown): number {
  if (typeof pid === 'number' && Number.isInteger(pid) && pid > 0 && pid < 2 ** 31) return pid;
  throw invalidArgument('pid', 'the id of a process', pid);
}

function checkName(name: unknown): asserts name is string {
  const valid =
    typeof name === 'string' &&
    name !== '' &&
    name !== '.' &&
    name !== '..' &&
    !/[/\0\n]/.test(name) &&
    name.length < 256;
  if (!valid) throw invalidArgument('name', 'the name of a directory, without "/", newlines and NUL bytes', name);
}

function checkCreateOptions(options: unknown): ResolvedLimits | undefined {
  if (typeof options !== 'object' || options === null) throw invalidArgument('options', 'an object', options);
  for (const name of Object.keys(options)) {
    if (name !== 'memory' && name !== 'parent') throw invalidArgument('options', 'names among memory, parent', name);
  }
  const { memory, parent } = options as CreateCgroupOptions;
  if (parent !== undefined && typeof parent !== 'string' && !(parent instanceof Cgroup)) {
    throw invalidArgument('parent', 'a Cgroup or the path of one', parent);
  }
  return memory === undefined ? undefined : resolveLimits(memory, { pageBytes: loadNative().constants.pageSize });
}
