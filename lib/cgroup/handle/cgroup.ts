import type { MemoryOption, Size } from '../../../types/options';
import { loadNative } from '../../common/addon/load-native';
import { invalidArgument } from '../../common/errors/argument-errors';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { ALIASES } from '../../common/options/accepted-options';
import { checkOptions } from '../../common/options/option-names';
import { findCgroup } from '../containers/find-cgroup';
import { type CgroupDirectory, withAccess } from '../directory/directory';
import { cgroupError, unlessGone } from '../directory/refusal';
import { cgroupsBelow, passingOver } from '../directory/walk';
import type { CgroupVersion } from '../files/formats';
import type { FileInput, WritableFile } from '../files/interface-files';
import { memoryFile } from '../files/roles';
import { host, openDirectory, visibleDirectory } from '../hierarchy/host';
import { resolveGiven } from '../hierarchy/resolve-path';
import type { ResolvedLimits } from '../limits/cage-limits';
import { changeLimits, changeWithLeaves, isRepeated } from '../limits/leaf-limits';
import { holdBelow } from '../limits/limit-files';
import { resolveLimits } from '../limits/resolve-limits';
import { defaultParent } from '../placement/default-parent';
import { freeze, thaw } from '../processes/freezer';
import { type KillCgroup, killAll, killCgroupOf } from '../processes/kill-cgroup';
import { isPopulated, listPids } from '../processes/pids';
import { removeTree, retry, undo } from '../processes/remove';
import { setFile } from './file-access';
import { ReadableCgroup } from './readable-cgroup';
import { checkReclaim, type ReclaimOptions, reclaim } from './reclaim';

/** How long {@link Cgroup.kill} keeps trying, and how long {@link Cgroup.remove} waits for ending processes. */
const KILL_PATIENCE_MS = 5000;
const REMOVE_PATIENCE_MS = 500;

/** Options of {@link Cgroup.create}. */
export interface CreateCgroupOptions {
  /** Limits, set before any process can join. Default: none. */
  memory?: MemoryOption;
  /** The cgroup in which to create it. Default: the parent in which memcage makes cages, see docs/parent.md. */
  parent?: Cgroup | string;
}

/**
 * A memory cgroup of this machine, v1 or v2, whether memcage made it or not.
 *
 * Every method throws `ERR_MEMCAGE_CGROUP_GONE` once the cgroup has been removed, and `ERR_MEMCAGE_NO_PERMISSION` if
 * the kernel requires more rights.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
 */
export class Cgroup extends ReadableCgroup {
  /** The cgroup of this process. Throws `ERR_MEMCAGE_NOT_VISIBLE` if no mount here shows it. */
  static self(): Cgroup {
    return openAt(visibleDirectory(host(), 'self'));
  }

  /**
   * The cgroup of a process. Throws `ERR_MEMCAGE_CGROUP_GONE` if there is no such process, and
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
   * Throws `ERR_MEMCAGE_CGROUP_GONE` if there is no match, and `ERR_MEMCAGE_AMBIGUOUS`, with the `paths` of all, if
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
    return openAt(Cgroup.resolve(path));
  }

  /**
   * The topmost cgroups that are mounted here: usually one, more where several mounts show different parts of the
   * hierarchy. A walk through all cgroups begins there, with {@link descendants}.
   */
  static roots(): Cgroup[] {
    const { memory, memoryElsewhere } = host();
    return [memory, ...memoryElsewhere].map(({ mountPoint }) => openAt(mountPoint));
  }

  /** @internal The absolute path of the cgroup that {@link open} would open. */
  static resolve(path: unknown): string {
    return resolveGiven(path, host());
  }

  /**
   * @internal Its path, for cages to be made there. A handle stands for the cgroup on which it was opened: throws
   * ERR_MEMCAGE_CGROUP_GONE if that was removed, or the path leads to another one by now.
   */
  pathAsParent(): string {
    const { path } = this;
    if (this.opened().isReachable()) return path;
    const message = `${path} is not the cgroup any more that was opened there: open it again`;
    throw new MemcageError(ErrorCode.CGROUP_GONE, message, { path });
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
    const parent = options.parent instanceof Cgroup ? options.parent.opened().anchored() : openParent(options.parent);
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

  /**
   * The cgroups below it, level by level, each as a handle of its own with an fd, which you close:
   * `for (using each of ...)`. It leaves out those that are removed meanwhile, and those that this process may not look
   * into, with all below them.
   */
  *descendants(): Generator<Cgroup, void, undefined> {
    // The caller may close this handle meanwhile.
    const top = this.opened().anchored();
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
    this.opened().write('cgroup.procs', String(checkPid(pid)));
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
   */
  set<N extends WritableFile>(name: N, value: FileInput<N>): void {
    const directory = this.opened();
    const change = (): void => setFile(directory, this.version, name, value);
    if (isRepeated(name, this.version)) this.#limit(directory, change);
    else change();
  }

  /**
   * Change limits. Those that you leave out stay as they are. In a cage of many, a new hard limit holds at once for the
   * children that run in it, too. Throws `ERR_MEMCAGE_LIMIT_REFUSED` if v1 can't reclaim
   * what exceeds the new limit (v2 kills instead); then no limit has changed.
   */
  setLimits(memory: MemoryOption): void {
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
   */
  async reclaim(bytes: Size, options: ReclaimOptions = {}): Promise<number> {
    const directory = this.opened();
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
    await freeze(this.#freezer('freeze()'));
    // Look now: a thaw() may come before the kernel's notification.
    this.lookAtEvents();
  }

  /** Let processes that {@link freeze} stopped run on. Throws ERR_MEMCAGE_BUSY if a cgroup above keeps it frozen. */
  async thaw(): Promise<void> {
    await thaw(this.#freezer('thaw()'));
    this.lookAtEvents();
  }

  /**
   * Send SIGKILL to every process in the cgroup and below it, including frozen ones. Resolves when none is left. Throws
   * `ERR_MEMCAGE_BUSY` if some are left after 5 s. Uses `cgroup.kill` (v2, Linux 5.14), else freezes or stops all
   * processes and kills them one by one.
   */
  async kill(): Promise<void> {
    const directory = this.opened();
    const kill = (): void => killAll(directory, this.killCgroup);
    if (withAccess(directory, () => directory.exists())) unlessGone(kill);
    else kill();
    const empty = (): boolean => {
      let isPopulatedStill = false;
      // The cgroup may be removed between any two steps, for example at the end of a private cage.
      unlessGone(() => {
        isPopulatedStill = isPopulated(directory);
        if (isPopulatedStill) kill();
      });
      return !isPopulatedStill;
    };
    if (!(await retry(empty, KILL_PATIENCE_MS))) throw this.#busy('kill all of');
  }

  /**
   * Remove the cgroup and those below it. Waits for processes that are just ending. Throws `ERR_MEMCAGE_BUSY` if
   * processes are left: see {@link kill}.
   */
  async remove(): Promise<void> {
    const directory = this.opened();
    withAccess(directory, () => directory.checkExists());
    // rmdir(2) takes a name, which another cgroup may have by now.
    const attempt = (): boolean => {
      if (!directory.exists()) return true;
      this.lookAtEvents();
      if (this.awaitsTriggers(() => isPopulated(directory))) return false;
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
    this.#limit(directory, () => changeLimits(directory, this.version, limits));
  }

  #limit(directory: CgroupDirectory, change: () => void): void {
    changeWithLeaves(directory, this.version, change);
    this.onLimited();
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
  return own(openChecked(path), host().version);
}

function openChecked(path: string): CgroupDirectory {
  try {
    return openDirectory(path);
  } catch (error) {
    throw cgroupError(error, 'open', path);
  }
}

/** A handle that owns the anchor of the directory. */
function own(directory: CgroupDirectory, version: CgroupVersion): Cgroup {
  return new Cgroup(directory, version, { ownsAnchor: true });
}

function openParent(parent: string | undefined): CgroupDirectory {
  return openChecked(parent === undefined ? defaultParent(host()).path : Cgroup.resolve(parent));
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
