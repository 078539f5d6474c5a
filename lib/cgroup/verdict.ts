import type { OomVerdict } from '../../types/outcome';

/** How far two of the counters of `memory.events` or `memory.events.local` have grown. The kernel's names. */
export interface OomCounters {
  /** A limit was hit and nothing could be reclaimed; counted where the limit is. */
  oom: number;
  /** Processes killed; counted where they were. */
  oom_kill: number;
}

/** What a v2 verdict is made of: growth since the child started, read after its end and before the removal. */
export interface OomEvidenceV2 {
  /** `memory.events` of the cgroup: it and all below it. */
  hierarchical: OomCounters;
  /** `memory.events.local` of the cgroup. */
  local: OomCounters;
  /** `memory.events.local` of the cages of ours that it sits in: their limits are its own. */
  cages: readonly OomCounters[];
  /**
   * Growth of `oom` in the `memory.events.local` of the cgroups above, those of ours left out. `null` when they could not
   * be read, or not all of them.
   */
  ancestorOom: number | null;
}

/** What a v1 verdict is made of: growth since the child started, read after its end and before the removal. */
export interface OomEvidenceV1 {
  /** `oom_kill` of `memory.oom_control`, summed over the cgroup and all below it. */
  kills: number;
  /** `oom_kill` of the cgroup alone. */
  ownKills: number;
  /**
   * Count of the eventfd on the cgroup, or on the topmost cage of ours that it sits in. To be read before `firedAbove`:
   * the kernel notifies from the top down, so that an ancestor's OOM that comes in between can't look like our own.
   */
  fired: number;
  /** Count of the eventfd on the nearest cgroup above that is not ours. */
  firedAbove: number;
  /** A cgroup below with a limit of its own and failcnt > 0 had kills. */
  nestedLimitHit: boolean;
  /** A cgroup below was removed, and its count with it. */
  nestedRemoved: boolean;
}

/**
 * Whose limit killed, on cgroup v2; `null` when nothing was killed for memory.
 *
 * `oom` is counted at the cgroup whose limit was hit, `oom_kill` at the victim's; both add up towards the root, save for
 * the local files. So a kill with a local `oom` is our limit's, also when the victim was in a cgroup below.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 */
export function verdictV2({ hierarchical, local, cages, ancestorOom }: OomEvidenceV2): OomVerdict | null {
  const kills = hierarchical.oom_kill;
  if (kills <= 0) return null;
  if (local.oom > 0) return { cause: 'limit', kills };
  if (hierarchical.oom > 0) return { cause: 'descendant', kills };
  if (cages.some(({ oom }) => oom > 0)) return { cause: 'limit', kills };
  if (ancestorOom === null) return { cause: 'unknown', kills };
  return { cause: ancestorOom > 0 ? 'ancestor' : 'system', kills };
}

/**
 * Whose limit killed, on cgroup v1; `null` when nothing was killed for memory.
 *
 * v1 counts kills only, at the victim's cgroup and without adding up. An eventfd fires for the cgroup whose limit was hit
 * and for all below it, with a victim or without: only the difference to the cgroup above says that the limit was ours.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html#oom-control
 */
export function verdictV1(evidence: OomEvidenceV1): OomVerdict | null {
  const { kills, ownKills, fired, firedAbove, nestedLimitHit, nestedRemoved } = evidence;
  const ownLimit = fired > firedAbove;
  if (kills <= 0) return ownLimit && nestedRemoved ? { cause: 'unknown', kills: 0 } : null;
  if (ownLimit) return { cause: 'limit', kills };
  if (firedAbove > 0) return { cause: 'ancestor', kills };
  // A limit below us kills below us.
  return { cause: nestedLimitHit && kills > ownKills ? 'descendant' : 'system', kills };
}
