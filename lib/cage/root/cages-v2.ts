import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { parseNames } from '../../cgroup/files/formats';
import { ErrorCode, MemcageError } from '../../errors/errors';
import { AncestorsV2 } from '../../oom/ancestors-v2';
import type { CageVersion } from './cage-version';
import { noParent } from './locked-directory';

const SUBTREE_CONTROL = 'cgroup.subtree_control';

/** On v2 a cage cgroup is its own kill cgroup. */
export const CAGES_V2: CageVersion = {
  guardedKind: 'unified',
  enableLimitsBelow: enableMemory,
  becomeParent: (memory) => memory.write(SUBTREE_CONTROL, '+memory'),
  makeKillCgroup: () => undefined,
  sweepKillHierarchies: async () => {},
  surroundingsOf: (_root, parent, host) => ({ version: 2, cages: [], ancestors: new AncestorsV2(parent.path, host) }),
};

/** Enables the memory controller for the cgroups below. */
function enableMemory(directory: CgroupDirectory): void {
  if (parseNames(directory.read(SUBTREE_CONTROL)).includes('memory')) return;
  if (!parseNames(directory.read('cgroup.controllers')).includes('memory')) {
    throw new MemcageError(ErrorCode.NO_PARENT, `The memory controller is not delegated to ${directory.path}`, {
      path: directory.path,
    });
  }
  try {
    directory.write(SUBTREE_CONTROL, '+memory');
  } catch (error) {
    // "No internal process constraint" in the cgroup v2 document.
    if (!(error instanceof MemcageError) || error.code !== ErrorCode.BUSY) throw noParent(directory.path, error);
    throw new MemcageError(
      ErrorCode.NO_PARENT,
      `${directory.path} has processes of its own, so it can't give the memory controller to cgroups below it`,
      { path: directory.path, cause: error },
    );
  }
}
