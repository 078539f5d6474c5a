import type { CgroupDirectory } from '../cgroup/directory/directory';
import { type Host, openDirectory, processDirectory } from '../cgroup/hierarchy/host';
import type { Hierarchy } from '../cgroup/hierarchy/mounts';
import type { KillCgroup } from '../cgroup/processes/kill-cgroup';
import { ErrorCode, MemcageError } from '../errors/errors';
import { makeLocked } from './locked-directory';
import { OWNER_PREFIX, sweep } from './sweep';
import { sweepInSteps } from './sweep-in-steps';

/** The kill cgroup of all cages of an owner. */
export interface RootKillCgroup extends KillCgroup {
  /** The directory that its own was made in. */
  readonly parentPath: string;
}

const REFUSALS: ReadonlySet<unknown> = new Set([ErrorCode.NO_PERMISSION, ErrorCode.NO_PARENT, ErrorCode.CGROUP_GONE]);

/**
 * On cgroup v1 memory's own hierarchy can neither freeze nor kill a cgroup, so each cage has a directory in another one as
 * well: the unified one of a hybrid host, else the v1 freezer's. Where there is neither, cages are killed pid by pid.
 */
export function makeRootKillCgroup(current: Host, hasGuardian: boolean): RootKillCgroup | undefined {
  for (const { kind, hierarchy } of killHierarchies(current)) {
    try {
      return makeIn(kind, processDirectory(hierarchy, 'self'), hasGuardian);
    } catch (error) {
      if (!(error instanceof MemcageError) || !REFUSALS.has(error.code)) throw error;
    }
  }
  return undefined;
}

/** Sweep ahead of time where that will make it. */
export async function sweepKillHierarchies(current: Host): Promise<void> {
  for (const { hierarchy } of killHierarchies(current)) {
    try {
      await sweepInSteps(processDirectory(hierarchy, 'self'));
    } catch {
      // This process is out of sight there: no kill cgroup will be made.
    }
  }
}

/** The best first. */
function killHierarchies({ unified, freezer }: Host): { kind: KillCgroup['kind']; hierarchy: Hierarchy }[] {
  const all = [
    { kind: 'unified', hierarchy: unified },
    { kind: 'freezer', hierarchy: freezer },
  ] as const;
  return all.flatMap(({ kind, hierarchy }) => (hierarchy === null || hierarchy.readOnly ? [] : [{ kind, hierarchy }]));
}

function makeIn(kind: KillCgroup['kind'], parentPath: string, hasGuardian: boolean): RootKillCgroup {
  return inDirectory(parentPath, (parent) => {
    sweep(parent);
    return { kind, parentPath, directory: makeLocked(parent, OWNER_PREFIX, hasGuardian ? kind : undefined) };
  });
}

/** A locked directory of the kill cgroup's hierarchy beside the owner's own. */
export function makeBeside({ kind, parentPath }: RootKillCgroup, prefix: string, hasGuardian: boolean): KillCgroup {
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
