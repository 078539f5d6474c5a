import type { CgroupDirectory } from '../cgroup/directory';
import { type Host, openDirectory, processDirectory } from '../cgroup/host';
import type { Guard } from '../cgroup/kill';
import type { Hierarchy } from '../cgroup/mounts';
import { ErrorCode, MemcageError } from '../errors';
import { makeLocked } from './locked-directory';
import { OWNER_PREFIX, sweep } from './sweep';
import { sweepInSteps } from './sweep-in-steps';

/** The guard of all cages of an owner. */
export interface OwnerGuard extends Guard {
  /** The directory that its own was made in. */
  readonly parentPath: string;
}

const REFUSALS: ReadonlySet<unknown> = new Set([ErrorCode.NO_PERMISSION, ErrorCode.NO_PARENT, ErrorCode.CGROUP_GONE]);

/**
 * On cgroup v1 memory's own hierarchy can neither freeze nor kill a cgroup, so each cage has a directory in another one as
 * well: the unified one of a hybrid host, else the v1 freezer's. Where there is neither, cages are killed pid by pid.
 */
export function makeOwnerGuard(current: Host, hasGuardian: boolean): OwnerGuard | undefined {
  for (const { kind, hierarchy } of guardHierarchies(current)) {
    try {
      return makeIn(kind, processDirectory(hierarchy, 'self'), hasGuardian);
    } catch (error) {
      if (!(error instanceof MemcageError) || !REFUSALS.has(error.code)) throw error;
    }
  }
  return undefined;
}

/** Sweep ahead of time where that will make it. */
export async function sweepGuardPlaces(current: Host): Promise<void> {
  for (const { kind, hierarchy } of guardHierarchies(current)) {
    try {
      await sweepInSteps(processDirectory(hierarchy, 'self'), kind);
    } catch {
      // This process is out of sight there: no guard will be made.
    }
  }
}

/** The best first. */
function guardHierarchies({ unified, freezer }: Host): { kind: Guard['kind']; hierarchy: Hierarchy }[] {
  const all = [
    { kind: 'unified', hierarchy: unified },
    { kind: 'freezer', hierarchy: freezer },
  ] as const;
  return all.flatMap(({ kind, hierarchy }) => (hierarchy === null || hierarchy.readOnly ? [] : [{ kind, hierarchy }]));
}

function makeIn(kind: Guard['kind'], parentPath: string, hasGuardian: boolean): OwnerGuard {
  return inDirectory(parentPath, (parent) => {
    sweep(parent, kind);
    return { kind, parentPath, directory: makeLocked(parent, OWNER_PREFIX, hasGuardian ? kind : undefined) };
  });
}

/** A locked directory of the guard's hierarchy beside the owner's own. */
export function makeBeside({ kind, parentPath }: OwnerGuard, prefix: string, hasGuardian: boolean): Guard {
  return inDirectory(parentPath, (parent) => ({
    kind,
    directory: makeLocked(parent, prefix, hasGuardian ? 'detached' : undefined),
  }));
}

function inDirectory<T>(path: string, use: (directory: CgroupDirectory) => T): T {
  const directory = openDirectory(path);
  try {
    return use(directory);
  } finally {
    directory.close();
  }
}
