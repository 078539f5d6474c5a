import type { MemoryOption, Size } from '../../../types/options';
import { loadNative } from '../../addon/load-native';
import { ErrorCode, invalidArgument, MemcageError } from '../../errors/errors';
import { ALIASES } from '../../options/called';
import { checkOptions } from '../../options/option-names';
import { defaultParent } from '../../placement/default-parent';
import { findCgroup } from '../containers/find';
import type { CgroupDirectory } from '../directory/directory';
import { cgroupError, unlessGone } from '../directory/refusal';
import { withAccess } from '../directory/with-access';
import type { CgroupVersion } from '../files/formats';
import { memoryFile } from '../files/roles';
import type { FileInput, WritableFile } from '../files/table';
import { host, openDirectory, swapOn, visibleDirectory } from '../hierarchy/host';
import { resolveGiven } from '../hierarchy/resolve-path';
import { writeLimits } from '../limits/limit-files';
import { planLimits, type ResolvedLimits, resolveLimits } from '../limits/limits';
import { freeze, thaw } from '../processes/freezer';
import { killAll } from '../processes/kill';
import { type KillCgroup, killCgroupOf } from '../processes/kill-cgroup';
import { isPopulated, listPids } from '../processes/pids';
import { removeTree, retry, undo } from '../processes/remove';
import { setFile } from './access';
import { openBelow } from './open-below';
import { ReadableCgroup } from './readable-cgroup';
import { checkReclaim, type ReclaimOptions, reclaim } from './reclaim';

/** How long {@link Cgroup.kill} goes on, and how long {@link Cgroup.remove} waits for processes that are just ending. */
const KILL_PATIENCE_MS = 5000;
const REMOVE_PATIENCE_MS = 500;

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
export class Cgroup extends ReadableCgroup {
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
   * Throws `ERR_MEMCAGE_CGROUP_GONE` when there is none, and `ERR_MEMCAGE_AMBIGUOUS`, with the `paths` of all, when there are
   * several.
   */
  static find(idOrName: string): Cgroup {
    return openAt(findCgroup(host(), idOrName));
  }

  /** A cgroup by its path: absolute below the mount point, or as in `/proc/<pid>/cgroup` from the root of the hierarchy. */
  static open(path: string): Cgroup {
    return openAt(Cgroup.resolve(path));
  }

  /**
   * The topmost cgroups that are mounted here: mostly one, more where several mounts show different parts of the hierarchy. A
   * walk through all begins there, with {@link descendants}.
   */
  static roots(): Cgroup[] {
    const { memory, memoryElsewhere } = host();
    return [memory, ...memoryElsewhere].map(({ mountPoint }) => openAt(mountPoint));
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
    const parent = options.parent instanceof Cgroup ? options.parent.opened().anchored() : openParent(options.parent);
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
        undo(() => removeTree(directory));
        throw error;
      }
    } finally {
      parent.close();
    }
  }

  /**
   * The cgroups below it, level by level, each as a handle of its own with an fd, which the caller closes: `for (using each of
   * ...)`. Those that are removed meanwhile are left out, and so are those that may not be looked into, with all below them.
   */
  *descendants(): Generator<Cgroup, void, undefined> {
    yield* openBelow(this.opened(), (directory) => own(directory, this.version));
  }

  /** Move a running process, with all its threads, into the cgroup. What it used before stays charged where it was. */
  add(pid: number): void {
    this.opened().write('cgroup.procs', String(checkPid(pid)));
    // v1 tells nothing of that: the kill cgroup of a cage has only what was started in it.
    if (this.version === 2) this.noteMember();
  }

  /**
   * Write an interface file. Sizes are taken as in the options.
   *
   * Throws as {@link get}; `ERR_MEMCAGE_READ_ONLY` for a file that can't be written, or in which nothing stays; and when
   * the kernel refuses the value `ERR_MEMCAGE_LIMIT_REFUSED` for a size, with `usageBytes` and `peakBytes` of the cgroup,
   * `ERR_MEMCAGE_VALUE_REFUSED` for any other.
   */
  set<N extends WritableFile>(name: N, value: FileInput<N>): void {
    setFile(this.opened(), this.version, name, value);
  }

  /**
   * Change limits; what is left out stays as it is. Throws `ERR_MEMCAGE_LIMIT_REFUSED` when v1 can't reclaim what is above
   * the new limit (v2 kills instead); then none has changed.
   */
  setLimits(memory: MemoryOption): void {
    this.#apply(resolveLimits(memory, { of: 'cgroup.setLimits', pageBytes: loadNative().constants.pageSize }));
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
    const directory = this.opened();
    const checked = checkReclaim(bytes, options, directory.native.constants.pageSize);
    memoryFile('reclaim', this.version, 'reclaim()');
    // Awaited: a handle that nobody holds gives its fd back, which is read through once more after the write.
    return await reclaim(directory, checked);
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
    // A thaw() may come before the kernel's news of it.
    this.lookAtEvents();
  }

  /** Let what {@link freeze} has stopped run on. ERR_MEMCAGE_BUSY when a cgroup above keeps it frozen. */
  async thaw(): Promise<void> {
    await thaw(this.#freezer('thaw()'));
    this.lookAtEvents();
  }

  /**
   * SIGKILL for every process in the cgroup and below it, frozen ones included. Resolves when none is left; throws
   * `ERR_MEMCAGE_BUSY` when some are after 5 s. By `cgroup.kill` (v2, Linux 5.14), else one by one.
   */
  async kill(): Promise<void> {
    const directory = this.opened();
    const kill = (): void => killAll(directory, this.killCgroup);
    if (withAccess(directory, () => directory.exists())) unlessGone(kill);
    else kill();
    const empty = (): boolean => {
      let isPopulatedStill = false;
      // Removed in the meantime, between any two steps, by the end of a private cage for example.
      unlessGone(() => {
        isPopulatedStill = isPopulated(directory);
        if (isPopulatedStill) kill();
      });
      return !isPopulatedStill;
    };
    if (!(await retry(empty, KILL_PATIENCE_MS))) throw this.#busy('kill all of');
  }

  /**
   * Remove the cgroup and those below it. Throws `ERR_MEMCAGE_BUSY` when processes are left: see {@link kill}. Those that
   * are just ending are waited for.
   */
  async remove(): Promise<void> {
    const directory = this.opened();
    if (!withAccess(directory, () => directory.exists()))
      throw new MemcageError(ErrorCode.CGROUP_GONE, `${this.path} was removed`, { path: this.path });
    // A cgroup is removed by its name, which may be another one's by now.
    const attempt = (): boolean => {
      if (!directory.exists()) return true;
      this.lookAtEvents();
      return removeTree(directory);
    };
    if (!(await retry(attempt, REMOVE_PATIENCE_MS))) throw this.#busy('remove');
    this.concludeEvents();
    this.close();
  }

  #freezer(method: string): KillCgroup {
    const freezer = killCgroupOf(this.version, this.opened(), this.killCgroup);
    if (freezer !== undefined) return freezer;
    throw new MemcageError(
      ErrorCode.NOT_IN_VERSION,
      `${method} needs cgroup v2, or on v1 the cgroup of a cage with a freezer or a unified hierarchy beside it`,
      { path: this.path },
    );
  }

  #apply(limits: ResolvedLimits): void {
    const directory = this.opened();
    const { max, swap } = this.limits();
    const plan = planLimits(limits, {
      version: this.version,
      swapAccounting: swap !== undefined,
      tcpAccounting: directory.has(memoryFile('tcp', 1)),
      swapOn: swapOn(),
      current: { max, swap: swap ?? Number.POSITIVE_INFINITY },
      pageBytes: directory.native.constants.pageSize,
    });
    // Nothing is being cloned into it by this thread now, so what must wait for that comes last.
    writeLimits(directory, this.version, [...plan.writes, ...plan.deferred]);
  }

  #busy(doing: string): MemcageError {
    const directory = this.opened();
    const pids = withAccess(directory, () => listPids(directory, 'cgroup.procs'));
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
  return new Cgroup(directory, version, { ownsAnchor: true });
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

const CREATE = 'Cgroup.create';

function checkCreateOptions(options: unknown): ResolvedLimits | undefined {
  const names = { of: CREATE, known: ['memory', 'parent'] as const, aliases: ALIASES };
  const { memory, parent } = checkOptions(options, names) as CreateCgroupOptions;
  if (parent !== undefined && typeof parent !== 'string' && !(parent instanceof Cgroup)) {
    throw invalidArgument('parent', 'a Cgroup or the path of one', parent);
  }
  return memory === undefined
    ? undefined
    : resolveLimits(memory, { of: CREATE, pageBytes: loadNative().constants.pageSize });
}
