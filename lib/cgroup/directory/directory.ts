import { type BigIntStats, chmodSync, readdirSync, readlinkSync, rmdirSync, statSync, utimesSync } from 'node:fs';
import type { NativeBinding } from '../../../types/native';
import { OwnedFd } from '../../addon/owned-fd';
import { missingFile } from './missing-file';
import { cgroupError, isGone, refusedWith } from './refusal';

/** What is written to end the processes of a cgroup. */
const CONTROL_FILES = new Set(['cgroup.kill', 'cgroup.freeze', 'freezer.state']);

/**
 * A directory of a cgroup hierarchy: a fixed directory fd and a path beneath it. The names of memcage's own cgroups are
 * never used twice, so most need no fd of their own; a stranger's cgroup is anchored at itself, so that another one that
 * later gets the same name is not taken for it.
 */
export class CgroupDirectory {
  readonly native: NativeBinding;
  /** Path beneath the anchor; '' is the anchor itself. */
  readonly relative: string;
  /** Absolute path, for people. */
  readonly path: string;
  /** What directories share that are reached through one fd. */
  readonly #anchor: OwnedFd;

  private constructor(native: NativeBinding, anchor: OwnedFd, relative: string, path: string) {
    this.native = native;
    this.#anchor = anchor;
    this.relative = relative;
    this.path = path;
  }

  /** @param fd of the directory; {@link close} closes it */
  static anchoredAt(native: NativeBinding, fd: number, path: string): CgroupDirectory {
    return new CgroupDirectory(native, new OwnedFd(native, fd), '', path);
  }

  /** Its directory fd; -1 after {@link close}. */
  get anchor(): number {
    return this.#anchor.fd;
  }

  get isClosed(): boolean {
    return this.#anchor.isClosed;
  }

  /**
   * Close its anchor, which is also that of each directory {@link below}: whoever still uses one of them gets EBADF, and
   * never what the next open() makes of the number.
   */
  close(): void {
    this.#anchor.close();
  }

  /** A path in it as one beneath its anchor. */
  beneath(name: string): string {
    if (name === '') return this.relative;
    return this.relative === '' ? name : `${this.relative}/${name}`;
  }

  /** A directory beneath, not necessarily existing. */
  below(name: string): CgroupDirectory {
    return new CgroupDirectory(this.native, this.#anchor, this.beneath(name), `${this.path}/${name}`);
  }

  /** The same directory, anchored at itself: the caller closes it. */
  anchored(): CgroupDirectory {
    return CgroupDirectory.anchoredAt(this.native, this.open('', 'path'), this.path);
  }

  read(file: string): string {
    return this.#call('read', file, (path) => this.native.readBeneath({ dirFd: this.anchor, path }));
  }

  /** undefined when there is no such file (the kernel is older, or the cgroup is the root). */
  readIfPresent(file: string): string | undefined {
    try {
      return this.native.readBeneath({ dirFd: this.anchor, path: this.beneath(file) });
    } catch (error) {
      if (refusedWith(error, 'ENOENT', 'EOPNOTSUPP') && this.exists()) return undefined;
      throw cgroupError(error, 'read', `${this.path}/${file}`);
    }
  }

  write(file: string, value: string): void {
    this.#call(`write ${value} to`, file, (path) => this.native.writeBeneath({ dirFd: this.anchor, path, value }));
  }

  open(file: string, access: Parameters<NativeBinding['openBeneath']>[0]['access']): number {
    return this.#call('open', file, (path) => this.native.openBeneath({ dirFd: this.anchor, path, access }));
  }

  has(file: string): boolean {
    return this.readIfPresent(file) !== undefined;
  }

  exists(): boolean {
    try {
      const fd = this.native.openBeneath({ dirFd: this.anchor, path: this.beneath('cgroup.procs'), access: 'probe' });
      this.native.closeFd({ fd });
      return true;
    } catch (error) {
      // A removed directory that is still open lists nothing: ENOENT; its open files answer ENODEV.
      if (refusedWith(error, 'ENOENT', 'ENODEV')) return false;
      throw cgroupError(error, 'open', this.path);
    }
  }

  make(): void {
    this.#call('create', '', (path) => this.native.makeDirectory({ dirFd: this.anchor, path, mode: 0o755 }));
  }

  /** Throws the addon's own error: what EBUSY and ENOENT mean is for the caller to say. */
  remove(): void {
    if (this.relative !== '') {
      this.native.removeDirectory({ dirFd: this.anchor, path: this.relative });
      return;
    }
    // A directory can't be removed by an fd of its own; and its name may be another one's by now. Another fd may not be
    // free: neither of these needs one.
    if (this.isAtItsPath()) rmdirSync(this.path);
    else this.#removeRenamed();
  }

  /** On v1 who may write to the directory above can give it another name: a process in it that is root, for example. */
  #removeRenamed(): void {
    // Where the kernel says ' (deleted)' there is no such directory.
    const path = readlinkSync(`/proc/self/fd/${this.anchor}`);
    if (isSameAs(statFd(this.anchor), path)) rmdirSync(path);
  }

  /** For a directory that is anchored at itself: whether it is still there, under its name. Needs no fd. */
  isAtItsPath(): boolean {
    return isSameAs(statFd(this.anchor), this.path);
  }

  /** Mark it as one in which no cgroup is made or removed from now on. False: its owner is someone else. */
  stamp(): boolean {
    try {
      this.#call('stamp', '', (path) => this.native.stampDirectory({ dirFd: this.anchor, path }));
      return true;
    } catch (error) {
      if (isGone(error)) throw error;
      return false;
    }
  }

  /** Take that back. */
  unstamp(): void {
    const now = new Date();
    utimesSync(this.path, now, now);
  }

  /** Whether that is still so. */
  isStamped(): boolean {
    return this.#call('look at', '', (path) => this.native.isStamped({ dirFd: this.anchor, path }));
  }

  /** Names of the cgroups directly below. */
  children(): string[] {
    return this.#call('list', '', (path) => this.native.listDirectories({ dirFd: this.anchor, path }));
  }

  /** Ids that a file lists in it and below it, some maybe twice; `threads`: of threaded cgroups (v2). */
  members(file: string): { ids: number[]; threads: number[] } {
    return this.#call('list the members of', '', (path) => this.native.listMembers({ dirFd: this.anchor, path, file }));
  }

  /** Paths of the cgroups below it where a key of a flat keyed file is not 0, and the counts. */
  counts(file: string, key: string, except: Iterable<string> = []): { path: string; count: number }[] {
    const names = [...except];
    return this.#call('read', '', (path) =>
      this.native.findCounts({ dirFd: this.anchor, path, file, key, except: names }),
    );
  }

  /** Remove what is below it, for so long, and say what is left there. Throws the addon's own error, as {@link remove}. */
  removeBelow(budgetMs: number): ReturnType<NativeBinding['removeBelow']> {
    return this.native.removeBelow({ dirFd: this.anchor, path: this.relative, budgetMs });
  }

  /**
   * Give its owner access again to the cgroup and to those below, whose permission bits someone has taken away. Throws Node's
   * own error (EPERM) when they are not ours.
   */
  regainAccess(): void {
    // Even "." can't be opened through the anchor of a directory that may not be searched.
    const fd = this.relative === '' ? this.anchor : this.open('', 'path');
    try {
      // O_PATH fds of what can't be opened: they are no good for fchmod(2), their links are for chmod(2).
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

/** As fstatSync, which in Deno knows no fds but its own. */
export function statFd(fd: number): BigIntStats {
  return statSync(`/proc/self/fd/${fd}`, { bigint: true });
}
