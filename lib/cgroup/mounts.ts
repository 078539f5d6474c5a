import { type CgroupVersion, kernelFormatError, parseNames } from './formats';

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
  /** The v2 hierarchy, also when memory is on v1 (hybrid). */
  unified: Hierarchy | null;
  /** The v1 freezer. */
  freezer: Hierarchy | null;
}

interface Mount {
  id: string;
  parent: string;
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
 * @see https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
 */
export function findHierarchies(mountInfo: string, unifiedControllers: (mountPoint: string) => string): Hierarchies {
  const mounts = mountInfo
    .split('\n')
    .filter((line) => line !== '')
    .map(parseMount);
  const byId = new Map(mounts.map((mount) => [mount.id, mount]));
  const visible = mounts.filter(({ fsType }) => fsType.startsWith('cgroup')).filter((mount) => !isHidden(mount, byId));

  const v1 = (controller: string) => {
    const mount = widest(
      visible.filter(({ fsType, superOptions }) => fsType === 'cgroup' && superOptions.includes(controller)),
    );
    return mount && toHierarchy(mount, 1, controller);
  };
  const unifiedMount = widest(visible.filter(({ fsType }) => fsType === 'cgroup2'));
  const unified = unifiedMount && toHierarchy(unifiedMount, 2, '');
  const isMemoryOnV2 = () => unified !== null && parseNames(unifiedControllers(unified.mountPoint)).includes('memory');
  return { memory: v1('memory') ?? (isMemoryOnV2() ? unified : null), unified, freezer: v1('freezer') };
}

/**
 * The cgroup of a process as a path below the mount point, '/' for the mount point itself. `null` when it lies outside of
 * what is mounted or of the reader's cgroup namespace, or was removed.
 *
 * @param procCgroup Text of `/proc/<pid>/cgroup`
 * @see https://man7.org/linux/man-pages/man7/cgroups.7.html
 */
export function cgroupPath(hierarchy: Hierarchy, procCgroup: string): string | null {
  const line = procCgroup.split('\n').find((candidate) => isLineOf(candidate, hierarchy));
  if (line === undefined) return null;
  // HIERARCHY-ID:CONTROLLERS:PATH, where the path may have colons.
  const path = line.split(':').slice(2).join(':');
  // The kernel's mark on the cgroup of a zombie that is already removed.
  if (path.endsWith(' (deleted)')) return null;
  const { mountRoot } = hierarchy;
  const prefix = mountRoot === '/' ? '' : mountRoot;
  if (path !== mountRoot && !path.startsWith(`${prefix}/`)) return null;
  const below = path.slice(prefix.length) || '/';
  // Above the root of the namespace, where names can't be known.
  return below.split('/').includes('..') ? null : below;
}

function isLineOf(line: string, { version, controller }: Hierarchy): boolean {
  const [id, controllers] = line.split(':');
  if (version === 2) return id === '0' && controllers === '';
  return controllers?.split(',').includes(controller) ?? false;
}

function toHierarchy({ mountPoint, root, readOnly }: Mount, version: CgroupVersion, controller: string): Hierarchy {
  return { version, controller, mountPoint, mountRoot: root, readOnly };
}

/** A hierarchy can be mounted several times: the mount that shows most of it is preferred, then the first. */
function widest(mounts: Mount[]): Mount | null {
  return mounts.find(({ root }) => root === '/') ?? mounts[0] ?? null;
}

/**
 * Whether a later mount covers this one: it sits on one of the mounts that lead here, at a place on the way, and doesn't
 * lead here itself.
 */
function isHidden(mount: Mount, byId: ReadonlyMap<string, Mount>): boolean {
  const chain = new Set<Mount>();
  for (let at: Mount | undefined = mount; at !== undefined && !chain.has(at); at = byId.get(at.parent)) chain.add(at);
  for (const other of byId.values()) {
    const base = byId.get(other.parent);
    const onTheWay = base !== undefined && chain.has(base) && isWithin(mount.mountPoint, other.mountPoint);
    if (onTheWay && !chain.has(other)) return true;
  }
  return false;
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

/** `36 35 98:0 /root /mount/point rw,noatime master:1 - ext3 /dev/root rw,errors=continue` */
function parseMount(line: string): Mount {
  const fields = line.split(' ');
  // Any number of optional fields, then a lone dash.
  const dash = fields.indexOf('-', 6);
  const [id, parent, , root, mountPoint, options] = fields;
  const fsType = fields[dash + 1];
  const superOptions = fields[dash + 3];
  if (dash < 0 || !id || !parent || !root || !mountPoint || !options || !fsType || superOptions === undefined) {
    throw kernelFormatError('mountinfo', 'ID PARENT DEVICE ROOT MOUNT-POINT OPTIONS - TYPE SOURCE OPTIONS', line);
  }
  const flags = [...options.split(','), ...superOptions.split(',')];
  return {
    id,
    parent,
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
