import { type BigIntStats, chmodSync, readdirSync, readlinkSync, rmdirSync, statSync, utimesSync } from 'node:fs';
import { constants } from 'node:os';
import type { NativeBinding, NativeError } from '../../../types/native';
import { OwnedFd } from '../../common/addon/owned-fd';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { cgroupLimitError } from './cgroup-limit';
import { cgroupError, isGone, refusedWith } from './refusal';
import { missingFile } from './refused-file';

/** Files to write for ending the processes of a cgroup. */
const CONTROL_FILES = new Set(['cgroup.kill', 'cgroup.freeze', 'freezer.state']);

/** How many files stay open, in all directories together: those of two children, each limited in `pids` and `cpu` (v1). */
const MOST_STAYING = 18;
let staying = 0;

/**
 * A directory of a cgroup hierarchy: a fixed directory fd and a path below it. memcage never uses a name for its own
 * cgroups twice, so most need no fd of their own. A stranger's cgroup is anchored at itself, so that a later cgroup
 * of the same name is not taken for it.
 */
export class CgroupDirectory {
  readonly native: NativeBinding;
  /** Path below the anchor; '' is the anchor itself. */
  readonly relative: string;
  /** Absolute path, for people. */
  readonly path: string;
  /** All directories that are reached through one fd share this. */
  readonly #anchor: OwnedFd;
  #lock: OwnedFd | undefined;
  /** The fds of the files that stay open, by name and access. Undefined: none does. */
  #staying: Map<string, number> | undefined;

  private constructor(native: NativeBinding, anchor: OwnedFd, relative: string, path: string) {
    this.native = native;
    this.#anchor = anchor;
    this.relative = relative;
    this.path = path;
  }

  /** @param fd the directory's fd, which {@link close} closes */
  static anchoredAt(native: NativeBinding, fd: number, path: string): CgroupDirectory {
    return new CgroupDirectory(native, new OwnedFd(native, fd), '', path);
  }

  /** The anchor's directory fd; -1 after {@link close}. */
  get anchor(): number {
    return this.#anchor.fd;
  }

  get isClosed(): boolean {
    return this.#anchor.isClosed;
  }

  /**
   * Closes the anchor, which each directory from {@link below} shares. After that their users get EBADF, and never
   * the file that got the same number from a later open().
   */
  close(): void {
    this.#anchor.close();
    this.#lock?.close();
  }

  /** For a directory that is anchored at itself: {@link close} closes this fd too, and so gives up its lock. */
  keepLock(fd: OwnedFd): void {
    this.#lock = fd;
  }

  /** Converts a path in this directory to one below the anchor. */
  beneath(name: string): string {
    if (name === '') return this.relative;
    return this.relative === '' ? name : `${this.relative}/${name}`;
  }

  /** A directory below, which need not exist. */
  below(name: string): CgroupDirectory {
    return new CgroupDirectory(this.native, this.#anchor, this.beneath(name), `${this.path}/${name}`);
  }

  /** This directory, anchored at itself. The caller closes it. */
  anchored(): CgroupDirectory {
    return CgroupDirectory.anchoredAt(this.native, this.open('', 'path'), this.path);
  }

  read(file: string): string {
    return this.#call('read', file, (path) => this.native.readBeneath({ dirFd: this.anchor, path }));
  }

  /** undefined if there is no such file (the kernel is older, or the cgroup is the root). */
  readIfPresent(file: string): string | undefined {
    try {
      return this.native.readBeneath({ dirFd: this.anchor, path: this.beneath(file) });
    } catch (error) {
      if (refusedWith(error, 'ENOENT', 'EOPNOTSUPP') && this.exists()) return undefined;
      throw cgroupError(error, 'read', `${this.path}/${file}`);
    }
  }

  write(file: string, value: string): void {
    this.#call(`write ${value} to`, file, (path) => {
      const fd = this.stayingFd(file, 'write');
      if (fd === undefined) this.native.writeBeneath({ dirFd: this.anchor, path, value });
      else this.native.writeOpen({ fd, value });
    });
  }

  open(file: string, access: Parameters<NativeBinding['openBeneath']>[0]['access']): number {
    return this.#call('open', file, (path) => this.native.openBeneath({ dirFd: this.anchor, path, access }));
  }

  /** From now on files stay open until {@link remove}: to open one costs five times what a read or a write does. */
  letFilesStayOpen(): void {
    this.#staying ??= new Map();
  }

  /** The fd of a file that stays open. Undefined: none may, there are enough of them, or it can't be opened. */
  stayingFd(file: string, access: 'read' | 'write'): number | undefined {
    const all = this.#staying;
    if (all === undefined) return undefined;
    const key = `${access} ${file}`;
    const open = all.get(key);
    if (open !== undefined || staying === MOST_STAYING) return open;
    try {
      const fd = this.native.openBeneath({ dirFd: this.anchor, path: this.beneath(file), access });
      all.set(key, fd);
      staying += 1;
      return fd;
    } catch {
      // Who needs the file opens it by itself, and hears of the refusal.
      return undefined;
    }
  }

  has(file: string): boolean {
    return this.readIfPresent(file) !== undefined;
  }

  exists(): boolean {
    return this.#whyGone() === undefined;
  }

  /** Throws ERR_MEMCAGE_NO_CGROUP if it was removed. */
  checkExists(): void {
    const cause = this.#whyGone();
    if (cause === undefined) return;
    const { path } = this;
    const { errno, syscall } = cause;
    throw new MemcageError(ErrorCode.NO_CGROUP, `${path} was removed`, { errno, syscall, path, cause });
  }

  make(): void {
    try {
      this.#call('create', '', (path) => this.native.makeDirectory({ dirFd: this.anchor, path, mode: 0o755 }));
    } catch (error) {
      if (!refusedWith(error, 'EAGAIN')) throw error;
      const { errno, syscall } = error as NativeError;
      throw cgroupLimitError(this.path, { errno, syscall, cause: error });
    }
  }

  /** Throws the addon's own error, because only the caller knows what EBUSY and ENOENT mean. */
  remove(): void {
    this.#closeStaying();
    if (this.relative !== '') {
      this.native.removeDirectory({ dirFd: this.anchor, path: this.relative });
      return;
    }
    // A directory can't be removed through its own fd, and its name may belong to another one by now. There may be no
    // free fd, and neither of these needs one.
    if (this.isAtItsPath()) rmdirSync(this.path);
    else this.#removeRenamed();
  }

  #closeStaying(): void {
    for (const fd of this.#staying?.values() ?? []) {
      this.native.closeFd({ fd });
      staying -= 1;
    }
    this.#staying = undefined;
  }

  /** On v1, anyone with write access to the parent directory can rename it, for example a root process in it. */
  #removeRenamed(): void {
    // If the kernel adds ' (deleted)', no directory has that path.
    const path = readlinkSync(`/proc/self/fd/${this.anchor}`);
    if (isSameAs(statFd(this.anchor), path)) rmdirSync(path);
  }

  /** For a directory that is anchored at itself: whether it still exists under its name. Needs no fd. */
  isAtItsPath(): boolean {
    return isSameAs(statFd(this.anchor), this.path);
  }

  /** Whether its path leads to it. For one that is anchored anywhere; throws ERR_MEMCAGE_NO_CGROUP if it was removed. */
  isReachable(): boolean {
    this.checkExists();
    const fd = this.open('', 'path');
    try {
      return isSameAs(statFd(fd), this.path);
    } finally {
      this.native.closeFd({ fd });
    }
  }

  /** Marks the directory until a cgroup is made or removed in it. False if the directory belongs to someone else. */
  stamp(): boolean {
    try {
      this.#call('stamp', '', (path) => this.native.stampDirectory({ dirFd: this.anchor, path }));
      return true;
    } catch (error) {
      if (isGone(error)) throw error;
      return false;
    }
  }

  /** Removes that mark. */
  unstamp(): void {
    const now = new Date();
    utimesSync(this.path, now, now);
  }

  /** Whether the directory still has that mark. */
  isStamped(): boolean {
    return this.#call('look at', '', (path) => this.native.isStamped({ dirFd: this.anchor, path }));
  }

  /** Names of the cgroups directly below. */
  children(): string[] {
    return this.#call('list', '', (path) => this.native.listDirectories({ dirFd: this.anchor, path }));
  }

  /** Ids that a file lists here and below; an id may occur twice. `threads` are those of threaded cgroups (v2). */
  members(file: string): { ids: number[]; threads: number[] } {
    return this.#call('list the members of', '', (path) => this.native.listMembers({ dirFd: this.anchor, path, file }));
  }

  /** Paths of the cgroups below in which a key of a flat-keyed file is not 0, with the counts. */
  counts(file: string, key: string, except: Iterable<string> = []): { path: string; count: number }[] {
    const names = [...except];
    return this.#call('read', '', (path) =>
      this.native.findCounts({ dirFd: this.anchor, path, file, key, except: names }),
    );
  }

  /**
   * Removes the cgroups below within that time, and says what is left. Throws the addon's own error, like {@link
   * remove}.
   */
  removeBelow(budgetMs: number): ReturnType<NativeBinding['removeBelow']> {
    return this.native.removeBelow({ dirFd: this.anchor, path: this.relative, budgetMs });
  }

  /**
   * Gives the owner access again to the cgroup and those below, after someone took away permission bits. Throws
   * Node's own error (EPERM) if they belong to someone else.
   */
  regainAccess(): void {
    // Even "." can't be opened through the anchor of a directory without search permission.
    const fd = this.relative === '' ? this.anchor : this.open('', 'path');
    try {
      // What can't be opened has only an O_PATH fd. fchmod(2) does not take that, but chmod(2) takes its link in
      // /proc.
      const path = `/proc/self/fd/${fd}`;
      addMode(path, 0o700);
      for (const entry of readdirSync(path, { withFileTypes: true })) {
        if (entry.isDirectory()) this.below(entry.name).regainAccess();
        else if (entry.isFile()) addMode(`${path}/${entry.name}`, CONTROL_FILES.has(entry.name) ? 0o600 : 0o400);
      }
    } finally {
      if (fd !== this.anchor) this.native.closeFd({ fd });
    }
  }

  #whyGone(): NativeError | undefined {
    try {
      const fd = this.native.openBeneath({ dirFd: this.anchor, path: this.beneath('cgroup.procs'), access: 'probe' });
      this.native.closeFd({ fd });
      return undefined;
    } catch (error) {
      // A removed directory that is still open lists nothing (ENOENT); its open files answer ENODEV.
      if (refusedWith(error, 'ENOENT', 'ENODEV')) return error as NativeError;
      throw cgroupError(error, 'open', this.path);
    }
  }

  #call<T>(doing: string, file: string, call: (path: string) => T): T {
    try {
      return call(this.beneath(file));
    } catch (error) {
      if (file !== '' && refusedWith(error, 'ENOENT') && this.exists()) {
        throw missingFile(this, file, { cause: error });
      }
      throw cgroupError(error, doing, file === '' ? this.path : `${this.path}/${file}`);
    }
  }
}

function isSameAs({ ino, dev }: BigIntStats, path: string): boolean {
  const there = statSync(path, { bigint: true, throwIfNoEntry: false });
  return there?.ino === ino && there.dev === dev;
}

function addMode(path: string, bits: number): void {
  const { mode } = statSync(path);
  if ((mode & bits) !== bits) chmodSync(path, (mode & 0o7777) | bits);
}

/** fstat(2) of any fd: Deno's fstatSync knows only its own ones. */
export function statFd(fd: number): BigIntStats {
  const path = `/proc/self/fd/${fd}`;
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (found !== undefined) return found;
  // Node's ENOENT would read as if the cgroup were gone.
  const details = { errno: -constants.errno.ENOENT, syscall: 'stat', path };
  throw new MemcageError(
    ErrorCode.UNSUPPORTED,
    `There is no ${path}: memcage needs a proc file system at /proc`,
    details,
  );
}

/**
 * Does something to a cgroup that is about to end. A process in it may have removed the permission bits of its files
 * and of cgroups below, which stops everyone but root. If so, this gives them back and tries once more.
 */
export function withAccess<T>(directory: CgroupDirectory, use: () => T): T {
  try {
    return use();
  } catch (error) {
    const cause = error instanceof MemcageError ? error.cause : error;
    if (!refusedWith(cause, 'EACCES')) throw error;
    try {
      directory.regainAccess();
    } catch {
      // The files are not this user's, so the refusal stands.
      throw error;
    }
    return use();
  }
}
