import { inheritProcessors } from '../../cgroup/controllers/controller-files';
import type { ControllerName } from '../../cgroup/controllers/controller-name';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { type Host, inDirectory, processDirectory } from '../../cgroup/hierarchy/host';
import { type Hierarchy, SIDE_CONTROLLERS } from '../../cgroup/hierarchy/mounts';
import { holdBelow } from '../../cgroup/limits/limit-files';
import { makeSideCure } from '../../cgroup/placement/candidates';
import { whyNoDirectoryIn } from '../../cgroup/placement/given-parent';
import { undo } from '../../cgroup/processes/remove-cgroup';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import { AncestorsV1 } from '../oom/ancestors-v1';
import { OomMonitorV1 } from '../oom/monitor-v1';
import type { CageVersion, ControllerHome, ForeseenPlace, RootControllers, RootDirectories } from './cage-version';
import { foreseeKillCgroup, makeRootKillCgroup, sweepKillHierarchies } from './kill-hierarchy';
import { makeLocked, release } from './locked-directory';
import { foreseenRefusal } from './refused-parent';
import { DETACHED_PREFIX, OWNER_PREFIX, sweep } from './sweep';

export const CAGES_V1: CageVersion = {
  enableLimitsBelow() {},
  foreseeLimitsBelow() {},
  foreseeJoin() {},
  holdBelow,
  // Without a stamp, the inventory doesn't take it for a cage that was made ahead (`ListedCage.spare`).
  becomeParent: (memory) => undo(() => memory.unstamp()),
  makeKillCgroup: makeRootKillCgroup,
  foreseeKillCgroup,
  foreseeControllers,
  processorsAround,
  openControllers: (root) => new ControllersV1(root),
  sweepKillHierarchies,
  openAncestors: (root) => new AncestorsV1(root),
  openMonitor: (memory, surroundings) => new OomMonitorV1(memory, surroundings),
};

interface Side {
  home: ControllerHome;
  parentPath: string;
}

/**
 * On v1 each controller may be in another hierarchy. A cage root has a locked directory in each that a cage of it has
 * needed so far, below this process's cgroup there.
 */
class ControllersV1 implements RootControllers {
  /** By the mount point of the hierarchy. */
  readonly #sides = new Map<string, Side>();

  constructor(private readonly root: Pick<RootDirectories, 'host' | 'memory' | 'killCgroup' | 'hasGuardian'>) {}

  get isGone(): boolean {
    return this.#all().some(({ home }) => !home.directory.exists());
  }

  homes(names: readonly ControllerName[]): ControllerHome[] {
    return hierarchiesOf(names, this.root).map((hierarchy) => {
      const controllers = controllersOf(hierarchy, this.root.host);
      if (isSameMount(hierarchy, this.root.host.memory)) {
        return { controllers, directory: this.root.memory, inMemory: true };
      }
      let side = this.#sides.get(hierarchy.mountPoint);
      if (side === undefined) {
        side = this.#makeSide(hierarchy, controllers);
        this.#sides.set(hierarchy.mountPoint, side);
      }
      return side.home;
    });
  }

  enableBelow(): boolean {
    return false;
  }

  makeDetached(names: readonly ControllerName[]): ControllerHome[] {
    const made: CgroupDirectory[] = [];
    try {
      return this.homes(names).map((home) => {
        if (home.inMemory) return home;
        const { parentPath } = this.#all().find((side) => side.home === home) as Side;
        const guarded = this.root.hasGuardian ? 'detached' : undefined;
        const directory = inDirectory(parentPath, (parent) => {
          const locked = makeLocked(parent, DETACHED_PREFIX, guarded);
          made.push(locked);
          if (home.controllers.includes('cpuset')) inheritProcessors(locked, parent);
          return locked;
        });
        return { ...home, directory };
      });
    } catch (error) {
      for (const directory of made) release(directory);
      throw error;
    }
  }

  remove(): void {
    for (const { home } of this.#all()) release(home.directory);
    this.#sides.clear();
  }

  #all(): Side[] {
    return [...this.#sides.values()];
  }

  #makeSide(hierarchy: Hierarchy, controllers: readonly ControllerName[]): Side {
    return withOwnError(controllers, () => {
      const parentPath = processDirectory(hierarchy, 'self');
      return inDirectory(parentPath, (parent) => this.#makeSideIn(parent, controllers));
    });
  }

  #makeSideIn(parent: CgroupDirectory, controllers: readonly ControllerName[]): Side {
    sweep(parent);
    // The guardian knows it too: a process that has left the memory cgroup and is here alone is killed with the rest.
    const directory = makeLocked(parent, OWNER_PREFIX, this.root.hasGuardian ? 'owner' : undefined);
    try {
      if (controllers.includes('cpuset')) inheritProcessors(directory, parent);
    } catch (error) {
      release(directory);
      throw error;
    }
    return { home: { controllers, directory, inMemory: false }, parentPath: parent.path };
  }
}

/** The hierarchies of these controllers, each once, though it may have several of them. */
function hierarchiesOf(
  names: readonly ControllerName[],
  { host, killCgroup }: Pick<ForeseenPlace, 'host' | 'killCgroup'>,
): Hierarchy[] {
  const freezer = killCgroup?.kind === 'freezer' ? host.freezer : null;
  const found = new Map<string, Hierarchy>();
  for (const name of names) {
    const hierarchy = host.controllers[name];
    if (hierarchy === undefined) throw notMounted(name);
    if (hierarchy.readOnly) throw notWritable(name, hierarchy);
    // A process is in one cgroup of a hierarchy, and in this one that is its kill cgroup.
    if (freezer !== null && isSameMount(hierarchy, freezer)) throw withFreezer(name, hierarchy);
    found.set(hierarchy.mountPoint, hierarchy);
  }
  return [...found.values()];
}

function foreseeControllers(names: readonly ControllerName[], place: ForeseenPlace): void {
  const { host } = place;
  for (const hierarchy of hierarchiesOf(names, place)) {
    if (isSameMount(hierarchy, host.memory)) continue;
    withOwnError(controllersOf(hierarchy, host), () => {
      const path = processDirectory(hierarchy, 'self');
      const code = whyNoDirectoryIn(path);
      if (code !== undefined) throw foreseenRefusal(path, code, 'mkdirat', host);
    });
  }
}

function processorsAround({ host, parent }: ForeseenPlace): string | undefined {
  const { cpuset } = host.controllers;
  if (cpuset === undefined) return undefined;
  return isSameMount(cpuset, host.memory) ? parent?.path : processDirectory(cpuset, 'self');
}

function controllersOf(hierarchy: Hierarchy, { controllers }: Host): ControllerName[] {
  return SIDE_CONTROLLERS.filter((name) => {
    const other = controllers[name];
    return other !== undefined && isSameMount(other, hierarchy);
  });
}

function isSameMount(one: Hierarchy, other: Hierarchy): boolean {
  return one.mountPoint === other.mountPoint;
}

/** A refusal there says nothing about memory, and what helps is something else. */
function withOwnError<T>(controllers: readonly ControllerName[], make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof MemcageError) || !REFUSALS.has(error.code)) throw error;
    const { path, errno, syscall } = error;
    const names = controllers.join(' and ');
    const cure = makeSideCure(path ?? '', process.geteuid?.() ?? 0, { isCpuset: controllers.includes('cpuset') });
    throw new MemcageError(
      ErrorCode.NO_CONTROLLER,
      words`The limit can't be had: this process may not make a cgroup of the v1 controller ${names} in ${path ?? ''}${CURE}${cure}`,
      { path, errno, syscall, cause: error },
    );
  }
}

const REFUSALS: ReadonlySet<unknown> = new Set([ErrorCode.NO_PERMISSION, ErrorCode.NO_PARENT]);

function notMounted(name: ControllerName): MemcageError {
  const cure = `mount it as root: mkdir -p /sys/fs/cgroup/${name} && mount -t cgroup -o ${name} cgroup /sys/fs/cgroup/${name}`;
  return new MemcageError(
    ErrorCode.NO_CONTROLLER,
    words`The limit can't be had: the v1 ${name} controller is not mounted here, and memory is on cgroup v1${CURE}${cure}`,
  );
}

function notWritable(name: ControllerName, { mountPoint }: Hierarchy): MemcageError {
  const cure = `mount it writable, as root: mount -o remount,rw ${mountPoint}`;
  return new MemcageError(
    ErrorCode.NO_CONTROLLER,
    words`The limit can't be had: the ${name} controller is mounted read-only at ${mountPoint}${CURE}${cure}`,
    { path: mountPoint },
  );
}

function withFreezer(name: ControllerName, { mountPoint }: Hierarchy): MemcageError {
  return new MemcageError(
    ErrorCode.NO_CONTROLLER,
    `The limit can't be had: the ${name} controller shares the hierarchy at ${mountPoint} with the freezer, which memcage ` +
      'uses to kill. Mount them apart',
    { path: mountPoint },
  );
}
