import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import type { CloneResult } from '../../../types/native';

const { E2BIG, ENOSYS } = constants.errno;

/** The `code` of the warning. */
const WARNING_CODE = 'MEMCAGE_NO_CLONE_INTO_CGROUP';

let usable = true;

/** Whether children are born in their v2 cgroup (CLONE_INTO_CGROUP). True until the kernel refuses. */
export function canCloneInto(): boolean {
  return usable;
}

/**
 * Whether a clone failed because CLONE_INTO_CGROUP is missing. ENOSYS: no clone3, as with a container's seccomp filter.
 * E2BIG: Linux before 5.7 does not know the field. From then on children join by a write, and one warning says so. The
 * limit holds just as well, since they join before they do anything else, but a start takes longer.
 */
export function lacksCloneInto(result: CloneResult): boolean {
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
