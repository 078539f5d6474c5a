/** Where the limit is that killed; `around`: of the cages that a cgroup sits in, the one with this index, nearest first. */
export type Whose = { at: 'own' | 'below' | 'machine' | 'unknown' } | { at: 'around' | 'ancestor'; index: number };

/** What a v2 verdict is made of: growth since the child started, read after its end and before the removal. */
export interface OomEvidenceV2 {
  /** `oom` of the cgroup's `memory.events`: memory was refused at its limit, or at one below. */
  oomWithin: number;
  /** `oom` of its `memory.events.local`: at its limit alone. */
  oomAtLimit: number;
  /** The same of the cages of ours that it sits in, nearest first. */
  oomAround: readonly number[];
  /** One of these has refused memory at some time, be it before. */
  oomAroundBefore: boolean;
  /** The same of the cgroups above those, nearest first. */
  oomAncestors: readonly number[];
  /** There are more, which can't be read. */
  hiddenAncestors: boolean;
}

/** What a v1 verdict is made of: growth since the child started, read after its end and before the removal. */
export interface OomEvidenceV1 {
  /** `oom_kill` of `memory.oom_control`, summed over the cgroup and all below it. */
  kills: number;
  /** `oom_kill` of the cgroup alone. */
  ownKills: number;
  /**
   * Counts of the eventfds on the cgroup, on the cages of ours that it sits in, nearest first, and last on the nearest cgroup
   * above that is not a cage. To be read in this order: the kernel notifies from the top down, so that the OOM of one above
   * that comes in between can't look like that of one below.
   */
  fired: readonly number[];
  /** A cgroup below with a limit of its own that was hit had kills. */
  nestedLimitHit: boolean;
}

/**
 * Whose limit killed, on cgroup v2, when something was killed.
 *
 * `oom` is counted at the cgroup whose limit was hit, `oom_kill` at the victim's; both add up towards the root, save for
 * the local files. So a kill with a local `oom` is our limit's, also when the victim was in a cgroup below.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 */
export function whoseV2(evidence: OomEvidenceV2): Whose {
  const { oomWithin, oomAtLimit, oomAround, oomAroundBefore, oomAncestors, hiddenAncestors } = evidence;
  if (oomAtLimit > 0) return { at: 'own' };
  if (oomWithin > 0) return { at: 'below' };
  const around = oomAround.findIndex((oom) => oom > 0);
  if (around !== -1) return { at: 'around', index: around };
  const ancestor = oomAncestors.findIndex((oom) => oom > 0);
  if (ancestor !== -1) return { at: 'ancestor', index: ancestor };
  // `oom` is counted a moment before the victim is chosen, which may have been started in between.
  return { at: hiddenAncestors || oomAroundBefore ? 'unknown' : 'machine' };
}

/**
 * Whose limit killed, on cgroup v1, when something was killed.
 *
 * v1 counts kills only, at the victim's cgroup and without adding up. An eventfd fires for the cgroup whose limit was hit
 * and for all below it, with a victim or without: only the difference to the cgroup above says that the limit was ours.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html#oom-control
 */
export function whoseV1({ kills, ownKills, fired, nestedLimitHit }: OomEvidenceV1): Whose {
  const level = levelV1(fired);
  if (level === 0) return { at: 'own' };
  if (level !== undefined && level < fired.length - 1) return { at: 'around', index: level - 1 };
  if (level !== undefined) return { at: 'ancestor', index: 0 };
  // A limit below us kills below us.
  return { at: nestedLimitHit && kills > ownKills ? 'below' : 'machine' };
}

/** Index of the nearest cgroup whose limit was hit; undefined: none. */
export function levelV1(fired: readonly number[]): number | undefined {
  const level = fired.findIndex((count, index) => count > (fired[index + 1] ?? 0));
  return level === -1 ? undefined : level;
}
