import type { MemoryOption } from '../../types/options';
import { ErrorCode, invalidArgument, MemcageError } from '../errors';
import { loadNative } from '../native';
import type { CgroupDirectory } from './directory';
import { type CgroupVersion, type FlatKeyed, type Pressure, parseValue } from './formats';
import { host, openDirectory, processDirectory, swapOn } from './host';
import { memoryFile } from './interface-files';
import { KeptFile } from './kept-file';
import { type Guard, killAll, listPids } from './kill';
import { type Limits, readLimits, readMemoryFile, writeLimits } from './limit-files';
import { planLimits, type ResolvedLimits, resolveLimits } from './limits';
import { cgroupError } from './refusal';
import { removeTree, retry } from './remove';
import { createStatParser } from './stat-parser';
import { computeUsage, type Usage } from './usage';

/** How long {@link Cgroup.kill} goes on, and how long {@link Cgroup.remove} waits for processes that are just ending. */
const KILL_PATIENCE_MS = 5000;
const REMOVE_PATIENCE_MS = 500;

/** One parser for all: the names are the same in every cgroup of a machine, and known ones parse faster. */
const parseStat = createStatParser();

const orphanedAnchors = new FinalizationRegistry<number>((fd) => loadNative().closeFd({ fd }));

export interface CreateCgroupOptions {
  /** Limits, set before anything can join. Default: none. */
  memory?: MemoryOption;
  /** The cgroup to create it in. Default: the caller's own memory cgroup. */
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
    this.#stat = new KeptFile(directory, memoryFile('stat', version).file);
    this.version = version;
  }

  /** The cgroup of this process. */
  static self(): Cgroup {
    return openAt(processDirectory(host().memory, 'self'));
  }

  /** The cgroup of a process. Throws `ERR_MEMCAGE_CGROUP_GONE` when there is no such process. */
  static of(pid: number): Cgroup {
    return openAt(processDirectory(host().memory, checkPid(pid)));
  }

  /** A cgroup by its path: absolute below the mount point, or as in `/proc/<pid>/cgroup` from the root of the hierarchy. */
  static open(path: string): Cgroup {
    return openAt(Cgroup.resolve(path));
  }

  /** @internal Absolute path of what {@link open} opens. */
  static resolve(path: unknown): string {
    if (typeof path !== 'string' || path === '' || path.includes('\0') || path.split('/').includes('..')) {
      throw invalidArgument('path', 'the path of a cgroup, without ".." and NUL bytes', path);
    }
    return absolutePath(path, host().memory.mountPoint);
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

  /** `memory.stat` with the kernel's names; bytes, save for the counters of events. */
  stat(): FlatKeyed {
    this.#open();
    return this.#stat.read(parseStat);
  }

  /** Memory in use now. */
  usage(): Usage {
    const directory = this.#open();
    return computeUsage(this.version, {
      usage: this.#value('usage'),
      limit: readMemoryFile(directory, this.version, 'max') ?? Number.POSITIVE_INFINITY,
      stat: this.stat(),
    });
  }

  /** The limits in force, in bytes. */
  limits(): Limits {
    return readLimits(this.#open(), this.version, swapOn());
  }

  /**
   * Change limits; what is left out stays as it is. Throws `ERR_MEMCAGE_LIMIT_REFUSED` when v1 can't reclaim what is above
   * the new limit (v2 kills instead); then none has changed.
   */
  setLimits(memory: MemoryOption): void {
    this.#apply(resolveLimits(memory, { pageBytes: loadNative().constants.pageSize }));
  }

  /**
   * The highest use so far, page cache included, in bytes: it stops at the limit. `null` where the kernel does not record
   * it (v2 before Linux 5.19).
   */
  peak(): number | null {
    return readMemoryFile(this.#open(), this.version, 'peak') ?? null;
  }

  /** Memory pressure (v2, Linux 4.20, CONFIG_PSI); `null` without. */
  pressure(): Pressure | null {
    memoryFile('pressure', this.version, 'pressure()');
    return readMemoryFile(this.#open(), this.version, 'pressure') ?? null;
  }

  /** The processes in the cgroup and in those below it, as pids of the caller's PID namespace. */
  procs(): number[] {
    return listPids(this.#open(), 'cgroup.procs');
  }

  /** Their threads. */
  threads(): number[] {
    return listPids(this.#open(), this.version === 1 ? 'tasks' : 'cgroup.threads');
  }

  /** SIGKILL for every process in the cgroup and below it. Resolves when none is left. */
  async kill(): Promise<void> {
    const directory = this.#open();
    killAll(directory, this.#guard);
    const empty = (): boolean => {
      // Removed in the meantime, by the end of a private cage for example.
      if (!directory.exists() || listPids(directory, 'cgroup.procs').length === 0) return true;
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
    if (!directory.exists())
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
    if (!this.#ownsAnchor) return;
    orphanedAnchors.unregister(this);
    this.#directory.native.closeFd({ fd: this.#directory.anchor });
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #open(): CgroupDirectory {
    if (this.#closed) throw new MemcageError(ErrorCode.CLOSED, `The handle on ${this.path} is closed`);
    return this.#directory;
  }

  #value(name: 'usage'): number {
    const { file } = memoryFile(name, this.version);
    return parseValue(this.#open().read(file), file);
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
    const pids = listPids(this.#directory, 'cgroup.procs');
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
  const path = parent === undefined ? processDirectory(host().memory, 'self') : Cgroup.resolve(parent);
  try {
    return openDirectory(path);
  } catch (error) {
    throw cgroupError(error, 'open', path);
  }
}

function absolutePath(path: string, mountPoint: string): string {
  const tidy = path.replace(/\/+/g, '/');
  const within = tidy === mountPoint || tidy.startsWith(`${mountPoint}/`);
  return (within ? tidy : `${mountPoint}/${tidy}`).replace(/\/+/g, '/').replace(/\/$/, '');
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
