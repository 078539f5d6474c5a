import { isWithin } from '../../common/text/names';
import { type CgroupVersion, parseNames } from '../files/formats';
import { type Mount, parseMounts } from '../names/mount-info';

/** A mounted cgroup hierarchy. */
export interface Hierarchy {
  version: CgroupVersion;
  /** The v1 controller for which it was looked up; '' for the unified hierarchy. */
  controller: string;
  mountPoint: string;
  /** The cgroup that is mounted, as seen from the reader's cgroup namespace; not '/' in many containers. */
  mountRoot: string;
  readOnly: boolean;
}

/** The controllers beside memory that memcage has a use for. */
export const SIDE_CONTROLLERS = ['pids', 'cpu', 'cpuset', 'cpuacct'] as const;

/** What is mounted where; `null` if it is not mounted, or not visible. */
export interface Hierarchies {
  /** The hierarchy that has the memory controller. */
  memory: Hierarchy | null;
  /** Further mounts of that hierarchy, which show what `memory` doesn't; in a container, for example, the host's. */
  memoryElsewhere: Hierarchy[];
  /** The v2 hierarchy, even if memory is on v1 (hybrid). */
  unified: Hierarchy | null;
  /** The v1 freezer. */
  freezer: Hierarchy | null;
  /** The v1 hierarchies of other controllers. Several names may have the same one. */
  controllers: Readonly<Partial<Record<(typeof SIDE_CONTROLLERS)[number], Hierarchy>>>;
}

/** Where a cgroup is, seen from a mount of its hierarchy. */
export type Location =
  /** The path below the mount point; '/' is the mount point itself. */
  | { path: string }
  /**
   * The mount shows more than the reader's cgroup namespace: `path` starts at a directory this many levels below the
   * mount point. The kernel does not reveal that directory's name.
   */
  | { unnamedLevels: number; path: string }
  /** The cgroup can't be reached there: it is above or beside the namespace, beside the mount, removed, or not listed. */
  | { hidden: 'namespace' | 'mount' | 'removed' | 'unlisted' };

/**
 * Finds the cgroup hierarchies in the text of a `/proc/<pid>/mountinfo`.
 *
 * @param unifiedControllers returns the text of `cgroup.controllers` at the mount point of the unified hierarchy.
 * Called only if no v1 memory controller is mounted: memory is on v2 if it is enabled there.
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
  const controllers = Object.fromEntries(
    SIDE_CONTROLLERS.flatMap((name) =>
      v1(name)
        .slice(0, 1)
        .map((hierarchy) => [name, hierarchy]),
    ),
  );
  return { memory, memoryElsewhere, unified, freezer: v1('freezer')[0] ?? null, controllers };
}

/**
 * Finds out where the cgroup of a process is.
 *
 * @param procCgroup the text of `/proc/<pid>/cgroup`
 * @see https://man7.org/linux/man-pages/man7/cgroups.7.html
 * @see https://man7.org/linux/man-pages/man7/cgroup_namespaces.7.html
 */
export function locateProcess(hierarchy: Hierarchy, procCgroup: string): Location {
  const line = procCgroup.split('\n').find((candidate) => isLineOf(candidate, hierarchy));
  if (line === undefined) return { hidden: 'unlisted' };
  // HIERARCHY-ID:CONTROLLERS:PATH. The path may contain colons.
  const path = line.split(':').slice(2).join(':');
  // The kernel marks the cgroup of a zombie like this if it is already removed.
  if (path.endsWith(' (deleted)')) return { hidden: 'removed' };
  return below(hierarchy.mountRoot, path) ?? { hidden: fromNamespace(path).up > 0 ? 'namespace' : 'mount' };
}

/**
 * Where a path of `/proc/<pid>/cgroup` is below a mount of the hierarchy; null if it is not there. Both arguments are
 * paths as the kernel writes them: from the root of the reader's cgroup namespace, and without detours.
 */
export function below(mountRoot: string, path: string): Exclude<Location, { hidden: string }> | null {
  const root = fromNamespace(mountRoot);
  const to = fromNamespace(path);
  if (to.up === root.up) {
    const isBelow = root.names.every((name, index) => name === to.names[index]);
    return isBelow ? { path: joined(to.names.slice(root.names.length)) } : null;
  }
  // A mount root with names is off the line from the hierarchy's root to the namespace's root.
  if (to.up > root.up || root.names.length > 0) return null;
  return { unnamedLevels: root.up - to.up, path: joined(to.names) };
}

/** `/../../a/b`: some levels up from the root of the namespace, then down by names. */
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

/** A hierarchy may have several mounts. Those of the whole hierarchy, or of the reader's namespace, come first. */
function sorted(mounts: readonly Mount[]): Mount[] {
  return [...mounts.filter(({ root }) => root === '/'), ...mounts.filter(({ root }) => root !== '/')];
}

/**
 * Whether a later mount covers this one. It does if it is on one of the mounts that lead here, at or above the
 * directory where the path leaves that mount. A mount further down is covered itself.
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
