import { type CgroupVersion, kernelFormatError, parseNames } from '../files/formats';

/** A mounted cgroup hierarchy. */
export interface Hierarchy {
  version: CgroupVersion;
  /** The v1 controller that it was looked up for; '' for the unified hierarchy. */
  controller: string;
  mountPoint: string;
  /** The cgroup that is mounted, as seen from the reader's cgroup namespace; not '/' in many containers. */
  mountRoot: string;
  readOnly: boolean;
}

/** What is mounted where; `null`: not mounted, or not to be seen. */
export interface Hierarchies {
  /** Where the memory controller is. */
  memory: Hierarchy | null;
  /** Further mounts of that hierarchy, with what `memory` doesn't show: the host's, in a container for example. */
  memoryElsewhere: Hierarchy[];
  /** The v2 hierarchy, also when memory is on v1 (hybrid). */
  unified: Hierarchy | null;
  /** The v1 freezer. */
  freezer: Hierarchy | null;
}

/** Where a cgroup is, seen from a mount of its hierarchy. */
export type Location =
  /** The path below the mount point; '/' is the mount point itself. */
  | { path: string }
  /**
   * The mount shows more than the reader's cgroup namespace: `path` goes on below a directory so many levels below the
   * mount point, whose name the kernel does not tell.
   */
  | { unnamedLevels: number; path: string }
  /** It can't be reached from there: it is above the namespace or beside it, beside the mount, removed, or not listed. */
  | { hidden: 'namespace' | 'mount' | 'removed' | 'unlisted' };

/** A line of `/proc/<pid>/mountinfo`. */
export interface Mount {
  id: string;
  parent: string;
  /** `MAJOR:MINOR` of the file system. */
  device: string;
  /** What is mounted, as a path in that file system. */
  root: string;
  mountPoint: string;
  readOnly: boolean;
  fsType: string;
  superOptions: string[];
}

/**
 * The cgroup hierarchies in a `/proc/<pid>/mountinfo` text.
 *
 * @param unifiedControllers Gives the text of `cgroup.controllers` at the mount point of the unified hierarchy; asked only
 * when no v1 memory controller is mounted, since then its being enabled there decides whether memory is on v2.
 */
export function findHierarchies(mountInfo: string, unifiedControllers: (mountPoint: string) => string): Hierarchies {
  const mounts = parseMounts(mountInfo);
  const byId = new Map(mounts.map((mount) => [mount.id, mount]));
  const visible = mounts.filter(({ fsType }) => fsType.startsWith('cgroup')).filter((mount) => !isHidden(mount, byId));

  const v1 = (controller: string) =>
    sorted(visible.filter(({ fsType, superOptions }) => fsType === 'cgroup' && superOptions.includes(controller))).map(
      (mount) => toHierarchy(mount, 1, controller),
    );
  const v2 = sorted(visible.filter(({ fsType }) => fsType === 'cgroup2')).map((mount) => toHierarchy(mount, 2, ''));
  const [unified = null] = v2;
  const isMemoryOnV2 = () => unified !== null && parseNames(unifiedControllers(unified.mountPoint)).includes('memory');
  const onV1 = v1('memory');
  const [memory = null, ...others] = onV1.length === 0 && isMemoryOnV2() ? v2 : onV1;
  const memoryElsewhere = others.filter(
    ({ mountRoot }, index) =>
      ![memory, ...others.slice(0, index)].some((shown) => shown && below(shown.mountRoot, mountRoot) !== null),
  );
  return { memory, memoryElsewhere, unified, freezer: v1('freezer')[0] ?? null };
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html */
export function parseMounts(mountInfo: string): Mount[] {
  return mountInfo.split('\n').flatMap((line, index) => (line === '' ? [] : [parseMount(line, index + 1)]));
}

/**
 * Where the cgroup of a process is.
 *
 * @param procCgroup Text of `/proc/<pid>/cgroup`
 * @see https://man7.org/linux/man-pages/man7/cgroups.7.html
 * @see https://man7.org/linux/man-pages/man7/cgroup_namespaces.7.html
 */
export function locateProcess(hierarchy: Hierarchy, procCgroup: string): Location {
  const line = procCgroup.split('\n').find((candidate) => isLineOf(candidate, hierarchy));
  if (line === undefined) return { hidden: 'unlisted' };
  // HIERARCHY-ID:CONTROLLERS:PATH, where the path may have colons.
  const path = line.split(':').slice(2).join(':');
  // The kernel's mark on the cgroup of a zombie that is already removed.
  if (path.endsWith(' (deleted)')) return { hidden: 'removed' };
  return below(hierarchy.mountRoot, path) ?? { hidden: fromNamespace(path).up > 0 ? 'namespace' : 'mount' };
}

/**
 * A path of `/proc/<pid>/cgroup` below a mount of the hierarchy; null when it is not there. Both are what the kernel
 * writes: from the root of the reader's cgroup namespace, and never by a detour.
 */
export function below(mountRoot: string, path: string): Exclude<Location, { hidden: string }> | null {
  const root = fromNamespace(mountRoot);
  const to = fromNamespace(path);
  if (to.up === root.up) {
    const isBelow = root.names.every((name, index) => name === to.names[index]);
    return isBelow ? { path: joined(to.names.slice(root.names.length)) } : null;
  }
  // A root with names of its own has left the line from the root of the hierarchy to that of the namespace.
  if (to.up > root.up || root.names.length > 0) return null;
  return { unnamedLevels: root.up - to.up, path: joined(to.names) };
}

/** `/../../a/b`: so many levels up from the root of the namespace, then down by names. */
function fromNamespace(path: string): { up: number; names: string[] } {
  const names = path.split('/').filter((name) => name !== '');
  const firstName = names.findIndex((name) => name !== '..');
  const up = firstName < 0 ? names.length : firstName;
  return { up, names: names.slice(up) };
}

function joined(names: readonly string[]): string {
  return `/${names.join('/')}`;
}

function isLineOf(line: string, { version, controller }: Hierarchy): boolean {
  const [id, controllers] = line.split(':');
  if (version === 2) return id === '0' && controllers === '';
  return controllers?.split(',').includes(controller) ?? false;
}

function toHierarchy({ mountPoint, root, readOnly }: Mount, version: CgroupVersion, controller: string): Hierarchy {
  return { version, controller, mountPoint, mountRoot: root, readOnly };
}

/** A hierarchy can be mounted several times: first those of the whole hierarchy, or all of the reader's namespace. */
function sorted(mounts: readonly Mount[]): Mount[] {
  return [...mounts.filter(({ root }) => root === '/'), ...mounts.filter(({ root }) => root !== '/')];
}

/**
 * Whether a later mount covers this one: it sits on one of the mounts that lead here, at or above the place where the way
 * goes on. What sits further down there is covered itself.
 */
function isHidden(mount: Mount, byId: ReadonlyMap<string, Mount>): boolean {
  const chain: Mount[] = [];
  for (let at: Mount | undefined = mount; at !== undefined && !chain.includes(at); at = byId.get(at.parent))
    chain.push(at);
  for (const other of byId.values()) {
    const base = byId.get(other.parent);
    const index = base === undefined ? -1 : chain.indexOf(base);
    const next = chain[index - 1] ?? mount;
    if (index >= 0 && !chain.includes(other) && isWithin(next.mountPoint, other.mountPoint)) return true;
  }
  return false;
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

/** `36 35 98:0 /root /mount/point rw,noatime master:1 - ext3 /dev/root rw,errors=continue` */
function parseMount(line: string, number: number): Mount {
  const fields = line.split(' ');
  // Any number of optional fields, then a lone dash.
  const dash = fields.indexOf('-', 6);
  const [id, parent, device, root, mountPoint, options] = fields;
  const fsType = fields[dash + 1];
  const superOptions = fields[dash + 3];
  if (
    dash < 0 ||
    !id ||
    !parent ||
    !device ||
    !root ||
    !mountPoint ||
    !options ||
    !fsType ||
    superOptions === undefined
  ) {
    const expected = 'ID PARENT DEVICE ROOT MOUNT-POINT OPTIONS - TYPE SOURCE OPTIONS';
    throw kernelFormatError('mountinfo', expected, line, number);
  }
  const flags = [...options.split(','), ...superOptions.split(',')];
  return {
    id,
    parent,
    device,
    root: unescapeOctal(root),
    mountPoint: unescapeOctal(mountPoint),
    readOnly: flags.includes('ro'),
    fsType,
    superOptions: superOptions.split(','),
  };
}

/** Blank, tab, newline and backslash are written as \ and three octal digits. */
function unescapeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
