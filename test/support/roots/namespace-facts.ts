import type { NamespaceFacts } from '../../../lib/process/namespaces/namespace-facts';

/** Of a machine where nothing is in the way of a user without rights. */
export const NO_FACTS: NamespaceFacts = {
  forbidding: {},
  lacking: [],
  isNested: false,
  isPrivileged: false,
  apparmorRestricts: false,
  isUnconfined: false,
  sysctlForbids: false,
  isUnmapped: false,
  isChrooted: false,
  hasSeccompFilter: false,
  hasNoNewPrivileges: false,
};
