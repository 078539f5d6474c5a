import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import type { CloneResult } from '../../../types/native';

const { E2BIG, ECANCELED, ENOSYS } = constants.errno;

/** The `code` of the warning. */
const WARNING_CODE = 'MEMCAGE_NO_CLONE_INTO_CGROUP';

let usable = true;

/** Whether children are born in their v2 cgroup (CLONE_INTO_CGROUP). True until the kernel refuses. */
export function canCloneInto(): boolean {
  return usable;
}

/**
 * Whether a clone failed because of CLONE_INTO_CGROUP, so that the child has to join by a write. Since 2025 the kernel kills a
 * child before it runs if its cgroup, or that of who clones it, was killed as a whole at some time: see BornDead() in
 * `native/clone/child_starter.h`.
 */
export function failsCloneInto(result: CloneResult): boolean {
  const isBornDead = 'stage' in result && result.stage === 'clone' && result.errno === -ECANCELED;
  return isBornDead || lacksCloneInto(result);
}

/**
 * Whether a clone failed because CLONE_INTO_CGROUP is missing. ENOSYS: no clone3, as with a container's seccomp filter.
 * E2BIG: Linux before 5.7 does not know the field. From then on children join by a write, and one warning says so. The
 * limit holds just as well, since they join before they do anything else, but a start takes longer.
 */
function lacksCloneInto(result: CloneResult): boolean {
  const lacks = 'stage' in result && result.stage === 'clone' && (result.errno === -ENOSYS || result.errno === -E2BIG);
  if (lacks && usable) {
    usable = false;
    process.emitWarning(
      `The kernel can't start a child in its cgroup (clone3: ${getSystemErrorName(result.errno)}), so that it joins by ` +
        'itself, which takes some milliseconds: allow clone3 in the seccomp profile, or use Linux 5.7 or newer',
      { type: 'MemcageWarning', code: WARNING_CODE },
    );
  }
  return lacks;
}
