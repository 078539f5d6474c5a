import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmdirSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CgroupDirectory } from '../../../lib/cgroup/directory/directory';
import type { NativeBinding } from '../../../types/native';

interface Lock {
  /** Of the directory. */
  inode: number;
  shared: boolean;
}

/** Directories of an ordinary file system in the place of cgroups. A file in one stands for a process. */
export interface DirectoriesAsCgroups {
  /** Of the directory in which all others are. */
  readonly path: string;
  readonly parent: CgroupDirectory;
  readonly native: NativeBinding;
  /** By the fds that hold them. */
  readonly locks: Map<number, Lock>;
  /** What the guardian was told, and which cgroups were killed. */
  readonly done: string[];
  readonly openFds: Set<number>;
  remove(): void;
}

export function directoriesAsCgroups(instead: Partial<NativeBinding> = {}): DirectoriesAsCgroups {
  const path = mkdtempSync(join(tmpdir(), 'memcage-test-directories-'));
  const openFds = new Set<number>();
  const locks = new Map<number, Lock>();
  const others = (fd: number): Lock[] =>
    [...locks].flatMap(([other, lock]) => (other !== fd && lock.inode === inode(fd) ? [lock] : []));
  const done: string[] = [];
  const at = (dirFd: number, below: string): string => `/proc/self/fd/${dirFd}/${below}`;
  const inode = (fd: number): number => fstatSync(fd).ino;
  const open = (which: string): number => {
    const fd = openSync(which, constants.O_RDONLY | constants.O_DIRECTORY);
    openFds.add(fd);
    return fd;
  };
  const empty = (which: string, how: 'kill' | 'remove'): boolean =>
    readdirSync(which, { withFileTypes: true }).every((entry) => {
      const each = join(which, entry.name);
      if (!entry.isDirectory()) return how === 'kill' && unlinkSync(each) === undefined;
      const isEmpty = empty(each, how);
      if (isEmpty && how === 'remove') rmdirSync(each);
      return isEmpty;
    });
  const native: Partial<NativeBinding> = {
    openDirectory: ({ path: which }) => open(which),
    openBeneath: ({ dirFd, path: below, access }) =>
      open(at(dirFd, access === 'directory' ? below : below.replace(/\/?cgroup\.procs$/, ''))),
    closeFd: ({ fd }) => {
      if (!openFds.delete(fd)) throw new Error(`${fd} is closed twice`);
      locks.delete(fd);
      closeSync(fd);
    },
    tryLock: () => true,
    tryFileLock({ fd, shared }) {
      if (others(fd).some((lock) => !shared || !lock.shared)) return false;
      locks.set(fd, { inode: inode(fd), shared });
      return true;
    },
    isFileLocked: ({ fd }) => others(fd).some(({ shared }) => !shared),
    makeDirectory: ({ dirFd, path: below, mode }) => void mkdirSync(at(dirFd, below), { mode }),
    removeDirectory: ({ dirFd, path: below }) => rmdirSync(at(dirFd, below)),
    removeBelow: ({ dirFd, path: below }) => (empty(at(dirFd, below), 'remove') ? 'nothing' : 'busy'),
    listDirectories: ({ dirFd, path: below }) =>
      readdirSync(at(dirFd, below), { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() ? [entry.name] : [],
      ),
    killAll: ({ dirFd, path: below }) => {
      done.push('kill');
      empty(at(dirFd, below), 'kill');
    },
    ...instead,
  };
  const parent = CgroupDirectory.anchoredAt(native as NativeBinding, open(path), path);
  return {
    path,
    parent,
    native: native as NativeBinding,
    locks,
    done,
    openFds,
    remove() {
      for (const fd of openFds) closeSync(fd);
      rmSync(path, { recursive: true });
    },
  };
}
