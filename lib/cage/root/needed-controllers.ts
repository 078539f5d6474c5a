import { type ControllerName, controllersFor } from '../../cgroup/controllers/controller-name';
import type { CgroupVersion } from '../../cgroup/files/formats';
import type { CageLimits } from '../../cgroup/limits/cage-limits';
import type { KillCgroup } from '../../cgroup/processes/kill-cgroup';

/** The controllers to ask a cage root or a cage for, so that a cage below has what its limits need. */
export function namesFor(
  limits: CageLimits,
  version: CgroupVersion,
  killCgroup: Pick<KillCgroup, 'kind'> | undefined,
): ControllerName[] {
  return controllersFor(limits, { version, hasUnified: version === 2 || killCgroup?.kind === 'unified' });
}
