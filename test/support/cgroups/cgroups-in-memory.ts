import { constants } from 'node:os';
import { CgroupDirectory } from '../../../lib/cgroup/directory/directory';
import type { NativeBinding } from '../../../types/native';

/** Where the tree seems to be mounted. */
const MOUNT_POINT = '/cg';

/** The files of a cgroup. `cgroup.procs`, which each has, has one pid in each line. */
type Files = Record<string, string>;

/** Cgroups without a kernel: no file has any effect. */
export interface CgroupsInMemory {
  /** By path below the mount point. A test may change them. */
  readonly cgroups: Map<string, Files>;
  /** What was done, in order: `write c/memory.max 4096`. */
  readonly done: string[];
  /** The fds that are open, with the paths that they are of. */
  readonly open: Map<number, string>;
  readonly native: NativeBinding;
  /** By path below the mount point; not anchored at itself. */
  directory(path: string): CgroupDirectory;
}

/** An error as the addon throws it for a refused system call. */
export function refusal(code: keyof typeof constants.errno, syscall = 'openat2'): Error {
  return Object.assign(new Error(`${syscall} ${code}`), { code, syscall, errno: -constants.errno[code] });
}

/**
 * A tree of cgroups, by path below its mount point.
 *
 * @param instead functions of the addon that act differently
 */
export function cgroupsInMemory(
  tree: Readonly<Record<string, Files>>,
  instead: Partial<NativeBinding> = {},
): CgroupsInMemory {
  const cgroups = new Map(Object.entries(tree).map(([path, files]) => [path, { 'cgroup.procs': '', ...files }]));
  const open = new Map([[3, '']]);
  const done: string[] = [];

  const full = (dirFd: number, path: string): string => {
    const anchor = open.get(dirFd);
    if (anchor === undefined) throw refusal('EBADF');
    return [anchor, path].filter((part) => part !== '').join('/');
  };
  /** The cgroup and the name of the file in it. */
  const find = (dirFd: number, path: string): [files: Files, name: string, cgroup: string] => {
    const whole = full(dirFd, path);
    const slash = whole.lastIndexOf('/');
    const cgroup = slash === -1 ? '' : whole.slice(0, slash);
    const files = cgroups.get(cgroup);
    if (files === undefined) throw refusal('ENOENT');
    return [files, whole.slice(slash + 1), cgroup];
  };
  const below = (path: string): string[] => [...cgroups.keys()].filter((each) => each.startsWith(`${path}/`));
  const list = (path: string): string[] => {
    if (!cgroups.has(path)) throw refusal('ENOENT');
    return [path, ...below(path)];
  };
  const pidsIn = (path: string): number[] =>
    (cgroups.get(path)?.['cgroup.procs'] ?? '').split('\n').filter(Boolean).map(Number);
  const openFd = (path: string): number => {
    const fd = Math.max(...open.keys()) + 1;
    open.set(fd, path);
    return fd;
  };

  const native: Partial<NativeBinding> = {
    openDirectory: ({ path }) => {
      const below = path.slice(MOUNT_POINT.length + 1);
      if (!path.startsWith(MOUNT_POINT) || !cgroups.has(below)) throw refusal('ENOENT', 'open');
      return openFd(below);
    },
    openBeneath: ({ dirFd, path }) => {
      const whole = full(dirFd, path);
      if (cgroups.has(whole)) return openFd(whole);
      const [files, name] = find(dirFd, path);
      if (!(name in files)) throw refusal('ENOENT');
      return openFd(whole);
    },
    closeFd: ({ fd }) => {
      if (!open.delete(fd)) throw refusal('EBADF', 'close');
    },
    readBeneath: ({ dirFd, path }) => {
      const [files, name] = find(dirFd, path);
      const text = files[name];
      if (text === undefined) throw refusal('ENOENT');
      return text;
    },
    writeBeneath: ({ dirFd, path, value }) => {
      const [files, name, cgroup] = find(dirFd, path);
      if (!(name in files)) throw refusal('ENOENT');
      done.push(`write ${cgroup}/${name} ${value}`);
      files[name] = `${value}\n`;
    },
    writeOpen: ({ fd, value }) => {
      const [files, name, cgroup] = find(fd, '');
      done.push(`write ${cgroup}/${name} ${value}`);
      files[name] = `${value}\n`;
    },
    listDirectories: ({ dirFd, path }) => {
      const [own, ...rest] = list(full(dirFd, path));
      return rest.map((each) => each.slice(`${own}/`.length)).filter((name) => !name.includes('/'));
    },
    listMembers: ({ dirFd, path }) => ({ ids: list(full(dirFd, path)).flatMap(pidsIn), threads: [] }),
    removeDirectory: ({ dirFd, path }) => {
      const whole = full(dirFd, path);
      if (list(whole).length > 1 || pidsIn(whole).length > 0) throw refusal('EBUSY', 'unlinkat');
      done.push(`remove ${whole}`);
      cgroups.delete(whole);
    },
    removeBelow: ({ dirFd, path }) => {
      const [own = '', ...rest] = list(full(dirFd, path));
      for (const each of rest.sort((a, b) => b.length - a.length)) {
        if (pidsIn(each).length > 0) return 'busy';
        done.push(`remove ${each}`);
        cgroups.delete(each);
      }
      return pidsIn(own).length > 0 ? 'busy' : 'nothing';
    },
    killAll: ({ dirFd, path, spare }) => {
      const whole = full(dirFd, path);
      const killed = list(whole).flatMap((each) => {
        const pids = pidsIn(each);
        const files = cgroups.get(each);
        if (files !== undefined) files['cgroup.procs'] = pids.filter((pid) => spare.includes(pid)).join('\n');
        return pids.filter((pid) => !spare.includes(pid));
      });
      done.push(`kill ${whole}: ${killed.join(' ')}`);
    },
    constants: { pageSize: 4096 } as NativeBinding['constants'],
    ...instead,
  };
  const root = CgroupDirectory.anchoredAt(native as NativeBinding, 3, MOUNT_POINT);
  return { cgroups, done, open, native: native as NativeBinding, directory: (path) => root.below(path) };
}
