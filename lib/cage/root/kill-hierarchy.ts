import { type Host, inDirectory, processDirectory } from '../../cgroup/hierarchy/host';
import type { Hierarchy } from '../../cgroup/hierarchy/mounts';
import { whyNoDirectoryIn } from '../../cgroup/placement/given-parent';
import type { KillCgroup } from '../../cgroup/processes/kill-cgroup';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { makeLocked } from './locked-directory';
import { OWNER_PREFIX, sweep, sweepInSteps } from './sweep';

/** The kill cgroup of a cage root, in which its cages have theirs. */
export interface RootKillCgroup extends KillCgroup {
  /** The directory in which it was made. */
  readonly parentPath: string;
}

const REFUSALS: ReadonlySet<unknown> = new Set([ErrorCode.NO_PERMISSION, ErrorCode.NO_PARENT, ErrorCode.NO_CGROUP]);

/**
 * Makes the kill cgroup of a cage root. The v1 memory hierarchy can neither freeze nor kill a cgroup, so each cage also
 * has a directory in another hierarchy: the unified one of a hybrid host, else the v1 freezer's. Without either,
 * memcage kills the processes of a cage pid by pid.
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

/** The kind of what {@link makeRootKillCgroup} would make. Makes nothing. */
export function foreseeKillCgroup(current: Host): Pick<KillCgroup, 'kind'> | undefined {
  return killHierarchies(current).find(({ hierarchy }) => {
    try {
      return whyNoDirectoryIn(processDirectory(hierarchy, 'self')) === undefined;
    } catch (error) {
      if (!(error instanceof MemcageError) || !REFUSALS.has(error.code)) throw error;
      return false;
    }
  });
}

/** Sweeps, ahead of time, where {@link makeRootKillCgroup} will make it. */
export async function sweepKillHierarchies(current: Host): Promise<void> {
  for (const { hierarchy } of killHierarchies(current)) {
    try {
      await sweepInSteps(processDirectory(hierarchy, 'self'));
    } catch {
      // No mount shows this process's cgroup there, so no kill cgroup will be made.
    }
  }
}

/** Best first. */
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
    return { kind, parentPath, directory: makeLocked(parent, OWNER_PREFIX, hasGuardian ? 'owner' : undefined) };
  });
}

/** Makes a locked kill cgroup beside that of the cage root. */
export function makeBeside({ kind, parentPath }: RootKillCgroup, prefix: string, hasGuardian: boolean): KillCgroup {
  return inDirectory(parentPath, (parent) => ({
    kind,
    directory: makeLocked(parent, prefix, hasGuardian ? 'detached' : undefined),
  }));
}
