import { keyPath } from './readers';
import { type OciResources, RESOURCES } from './resources';
import type { Translation } from './translation';

/**
 * Notes the resources for which memcage has no limit at all. `devices` is none of them: which device a program may use
 * is no amount, and as with mounts and seccomp it takes a container to hold it.
 */
export function noteUnheld({ blockIO, network, hugepageLimits, rdma }: OciResources, into: Translation): void {
  for (const [group, fields] of Object.entries({ blockIO, network })) {
    for (const [name, value] of Object.entries(fields ?? {})) {
      // Docker writes 0 for a weight that nobody has set, and 0 is also the class of all packets that have none.
      if (Array.isArray(value) ? value.length > 0 : value !== 0) into.lacks(`${RESOURCES}.${group}.${name}`);
    }
  }
  if (hugepageLimits !== undefined && hugepageLimits.length > 0) into.lacks(`${RESOURCES}.hugepageLimits`);
  for (const device of rdma?.keys() ?? []) into.lacks(keyPath(`${RESOURCES}.rdma`, device));
}
