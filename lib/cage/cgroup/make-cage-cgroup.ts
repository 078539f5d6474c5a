import type { CgroupDirectory } from '../../cgroup/directory/directory';
import type { CgroupVersion } from '../../cgroup/files/formats';
import { hasRole } from '../../cgroup/files/roles';
import { readMemoryFile } from '../../cgroup/limits/limit-files';
import { type LimitPlan, planLimits } from '../../cgroup/limits/limit-plan';
import type { ResolvedLimits } from '../../cgroup/limits/resolve-limits';
import { killCgroupBelow } from '../../cgroup/processes/kill-cgroup';
import { removeTree, undo } from '../../cgroup/processes/remove';
import type { CageAround } from '../../oom/surroundings';
import type { CageRoot } from '../root/cage-root';
import { release } from '../root/locked-directory';
import { CageCgroup, type CageCgroupParts } from './cage-cgroup';

/**
 * Makes the cgroup of a private or shared cage. If memcage itself refuses the limits, it does so before it makes
 * any directory.
 *
 * @param killable false: make no kill cgroup for it
 */
export function makeCageCgroup(
  root: CageRoot,
  limits: ResolvedLimits,
  { killable }: { killable: boolean },
): CageCgroup {
  const { limitContext, surroundings, hasGuardian } = root;
  const hold = (): (() => void) => root.hold();
  const plan = planLimits(limits, limitContext);
  const name = root.nextName();
  const common = { limitContext, surroundings, hasGuardian, hold, plan, ceilingBytes: ceilingOf(limits) };
  const killCgroup = killable ? killCgroupBelow(root.killCgroup, name) : undefined;
  return makeIn({ ...common, memory: root.memory.below(name), killCgroup, locks: [] });
}

/** Makes the cgroup of a detached cage, which outlives its owner until it is empty. */
export function makeDetachedCageCgroup(root: CageRoot, limits: ResolvedLimits): CageCgroup {
  const { limitContext, surroundings } = root;
  const hold = (): (() => void) => root.hold();
  const plan = planLimits(limits, limitContext);
  const { memory, killCgroup } = root.makeDetached();
  const locks = killCgroup === undefined ? [memory] : [killCgroup.directory, memory];
  const common = { limitContext, surroundings, hold, plan, ceilingBytes: ceilingOf(limits) };
  try {
    return new CageCgroup({ ...common, memory, killCgroup, locks, hasGuardian: false });
  } catch (error) {
    for (const lock of locks) release(lock);
    throw error;
  }
}

/** Makes a leaf: a cgroup below that of a shared cage, for one child. */
export function makeLeaf(cage: CageCgroup, name: string, limits: ResolvedLimits): CageCgroup {
  return makeBelow(cage, name, limits, { isLeaf: true });
}

/** Makes the cgroup of a cage within another cage. */
export function makeInnerCageCgroup(cage: CageCgroup, name: string, limits: ResolvedLimits): CageCgroup {
  return makeBelow(cage, name, limits, { isLeaf: false });
}

function makeBelow(
  cage: CageCgroup,
  name: string,
  limits: ResolvedLimits,
  { isLeaf }: { isLeaf: boolean },
): CageCgroup {
  const { limitContext, hasGuardian, hold, monitor } = cage;
  const nearest: CageAround = { directory: cage.memory, isOwn: isLeaf, ooms: () => monitor.ooms() };
  const surroundings = { ...cage.surroundings, cages: [nearest, ...cage.surroundings.cages] };
  const plan: LimitPlan = planLimits(limits, limitContext);
  const ceilings = surroundings.cages.map(({ directory }) => readCeiling(directory, limitContext.version));
  const ceilingBytes = Math.min(ceilingOf(limits), ...ceilings);
  const killCgroup = killCgroupBelow(cage.killCgroup, name);
  const memory = cage.memory.below(name);
  const onRemoved = (): void => monitor.removeLeaf(name);
  const common = { limitContext, surroundings, hasGuardian, hold, plan, ceilingBytes };
  return makeIn({ ...common, memory, killCgroup, locks: [], onRemoved }, () => monitor.addLeaf(name));
}

/** Makes the directories and the rest of a cage cgroup. If that fails, removes what was made. */
function makeIn(parts: CageCgroupParts, onMade: () => void = () => {}): CageCgroup {
  const { memory, killCgroup, onRemoved } = parts;
  memory.make();
  onMade();
  const made = [memory];
  try {
    if (killCgroup !== undefined) {
      killCgroup.directory.make();
      made.unshift(killCgroup.directory);
    }
    return new CageCgroup(parts);
  } catch (error) {
    for (const directory of made) undo(() => removeTree(directory));
    onRemoved?.();
    throw error;
  }
}

/** The limits of a cage may have changed since it was made. */
function readCeiling(directory: CgroupDirectory, version: CgroupVersion): number {
  const high = hasRole('high', version) ? readMemoryFile(directory, version, 'high') : undefined;
  return Math.min(
    readMemoryFile(directory, version, 'max') ?? Number.POSITIVE_INFINITY,
    high ?? Number.POSITIVE_INFINITY,
  );
}

function ceilingOf({ max, high }: ResolvedLimits): number {
  return Math.min(max ?? Number.POSITIVE_INFINITY, high ?? Number.POSITIVE_INFINITY);
}
