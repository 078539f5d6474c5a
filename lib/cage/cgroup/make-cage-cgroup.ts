import { countsTime } from '../../cgroup/controllers/controller-name';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import type { CageLimits } from '../../cgroup/limits/cage-limits';
import { planLimits } from '../../cgroup/limits/limit-plan';
import { cageName } from '../../cgroup/names/own-names';
import { type KillCgroup, killCgroupBelow } from '../../cgroup/processes/kill-cgroup';
import { undoMake } from '../../cgroup/processes/remove-cgroup';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { ResolvedEvidence } from '../evidence/resolve-evidence';
import type { CageAround } from '../oom/limits-around';
import type { CageRoot } from '../root/cage-root';
import type { ControllerHome } from '../root/cage-version';
import { release } from '../root/locked-directory';
import { namesFor } from '../root/needed-controllers';
import { CageCgroup, type CageCgroupOptions } from './cage-cgroup';
import { ControllerHomes, type HomeBelow } from './controller-homes';
import type { SpareSides } from './spare-sides';

const MOST_TAKEN = 100;

/**
 * Makes a cgroup whose name is the next of a series. A process that may make cgroups there may have made some with names that
 * come later.
 *
 * @param make takes another name each time
 */
export function withFreeName<T>(make: () => T): T {
  for (let taken = 0; ; taken += 1) {
    try {
      return make();
    } catch (error) {
      const isTaken = error instanceof MemcageError && error.code === ErrorCode.CGROUP_EXISTS;
      if (!isTaken || taken === MOST_TAKEN) throw error;
    }
  }
}

/**
 * Makes the cgroup of a private or shared cage. If memcage itself refuses the limits, it does so before it makes
 * any directory.
 *
 * @param killable false: make no kill cgroup for it, unless it counts processor time there
 * @param budget it is a budget's
 * @param spareSides where it may take side cgroups from, and gives them back to
 */
export function makeCageCgroup(
  root: CageRoot,
  limits: CageLimits,
  { killable, budget = false, spareSides }: { killable: boolean; budget?: boolean; spareSides?: SpareSides },
): CageCgroup {
  const { surroundings } = root;
  const plan = planLimits(limits.memory, root.limitContext);
  return withFreeName(() => {
    const name = cageName(root.nextNumber(), { budget });
    const killCgroup = killable || countsTime(limits) ? killCgroupBelow(root.killCgroup, name) : undefined;
    const memory = root.memory.below(name);
    const homes = homesBelow(root, limits, root.killCgroup, (home) => home.directory);
    const spare = spareSides?.take(limits) ?? [];
    // With the same limits it has the same homes, in the same order.
    const own = homes.map(({ home, above }, index) => {
      const side = spare[index];
      return side === undefined ? { home: below(home, name, memory), above } : { home: side, above, isSpare: true };
    });
    return makeIn({
      ...{ root, around: undefined, memory, killCgroup, limits, plan, surroundings, locks: [] },
      ...{ own, spareSides },
    });
  });
}

/** Makes the cgroup of a detached cage, which outlives its owner until it is empty. */
export function makeDetachedCageCgroup(root: CageRoot, limits: CageLimits): CageCgroup {
  const { surroundings, limitContext } = root;
  const plan = planLimits(limits.memory, limitContext);
  const { memory, killCgroup, homes } = root.makeDetached(namesFor(limits, limitContext.version, root.killCgroup));
  const sides = homes.filter(({ inMemory }) => !inMemory).map(({ directory }) => directory);
  const locks = [...(killCgroup === undefined ? [] : [killCgroup.directory]), ...sides, memory];
  const own = homes.map((home) => ({ home: home.inMemory ? { ...home, directory: memory } : home, above: undefined }));
  const around = undefined;
  try {
    return new CageCgroup({
      ...{ root, around, memory, killCgroup, limits, plan, surroundings, locks },
      homes: new ControllerHomes({ version: limitContext.version, memory, killCgroup, limits, own, around }),
    });
  } catch (error) {
    for (const lock of locks) release(lock);
    throw error;
  }
}

/**
 * Makes a cgroup below that of a shared cage: a leaf, or the cgroup of a cage within the cage.
 *
 * @param repeats a leaf has the limit of memory of its cage
 */
export function makeBelow(cage: CageCgroup, name: string, limits: CageLimits, { repeats = false } = {}): CageCgroup {
  const { root, monitor, version } = cage;
  const nearest: CageAround = { directory: cage.memory, isOwn: repeats, ooms: () => monitor.ooms() };
  const surroundings = { ...cage.surroundings, cages: [nearest, ...cage.surroundings.cages] };
  const plan = planLimits(limits.memory, root.limitContext);
  const killCgroup = killCgroupBelow(cage.killCgroup, name);
  const memory = cage.memory.below(name);
  cage.enableBelow(namesFor(limits, version, killCgroup));
  const own = homesBelow(root, limits, killCgroup, (home) => {
    const around = cage.homes.sides.find((side) => side.controllers.some((each) => home.controllers.includes(each)));
    return around?.directory ?? home.directory;
  });
  return makeIn(
    {
      ...{ root, around: cage, memory, killCgroup, limits, plan, surroundings, locks: [] },
      own: own.map(({ home, above }) => {
        // Directly below the cage root, if the cage around has no side cgroup in this hierarchy.
        const isOfRoot = above === home.directory && !home.inMemory;
        return {
          home: below({ ...home, directory: above }, isOfRoot ? String(root.nextNumber()) : name, memory),
          above,
        };
      }),
      onRemoved: () => monitor.removeCageCgroup(name),
    },
    () => monitor.addCageCgroup(name),
  );
}

/** Makes the cgroup beside a cage where its processes are lent so much memory for a while. On v2 its other limits hold there too. */
export function makeForLoans(cage: CageCgroup, { extraBytes }: ResolvedEvidence): void {
  if (extraBytes === undefined) return;
  const { root, around, limits } = cage;
  const { cpuTimeMs: _, stall: __, ...others } = limits;
  const lent = { ...(cage.version === 2 && others), memory: { max: extraBytes } };
  cage.beside =
    around === undefined
      ? makeCageCgroup(root, lent, { killable: true })
      : withFreeName(() => makeBelow(around, cageName(root.nextNumber(), { budget: false }), lent));
}

/** The homes that limits need, as the cage root has them, and the directories in which to make those of a new cgroup. */
function homesBelow(
  root: CageRoot,
  limits: CageLimits,
  killCgroup: KillCgroup | undefined,
  aboveOf: (home: ControllerHome) => CgroupDirectory,
): { home: ControllerHome; above: CgroupDirectory }[] {
  const names = namesFor(limits, root.limitContext.version, killCgroup);
  return root.controllers.homes(names).map((home) => ({ home, above: aboveOf(home) }));
}

function below(home: ControllerHome, name: string, memory: CgroupDirectory): ControllerHome {
  return { ...home, directory: home.inMemory ? memory : home.directory.below(name) };
}

type MadeOptions = Omit<CageCgroupOptions, 'homes'> & { own: readonly HomeBelow[] };

/** Makes the directories and the rest of a cage cgroup. If that fails, removes what was made. */
function makeIn({ own, ...options }: MadeOptions, onMade: () => void = () => {}): CageCgroup {
  const { root, memory, killCgroup, limits, around, onRemoved } = options;
  const { version } = root.limitContext;
  const homes = new ControllerHomes({ version, memory, killCgroup, limits, own, around: around?.homes });
  const made = own.filter(({ isSpare }) => isSpare).map(({ home }) => home.directory);
  try {
    memory.make();
    made.push(memory);
    onMade();
    if (killCgroup !== undefined) {
      killCgroup.directory.make();
      made.unshift(killCgroup.directory);
    }
    homes.make(limits, (directory) => made.unshift(directory));
    return new CageCgroup({ ...options, homes });
  } catch (error) {
    for (const directory of made) undoMake(directory);
    onRemoved?.();
    throw error;
  }
}
