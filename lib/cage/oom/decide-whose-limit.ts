import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { killsOf } from './kernel-log';
import { type KillingLimit, nowhere, type Whose } from './killing-limit';
import type { LimitsAround } from './limits-around';
import type { OomAssessment } from './monitor';

/** What a monitor has counted in a cgroup, and those below it, that may be of kills. */
export interface Counted {
  kills: number;
  /** Whether kills may be missing from that, of cgroups below that are gone. What the log has of them counts then. */
  mayLackKills: boolean;
  /** Whether there may have been others that nobody has counted. @param logged how many of the machine's last kills the log has */
  mayHaveLost(logged: number): boolean;
  /** Whose limit it was by the counts, given that something was killed. */
  whose(): Whose;
  /** Path of the cgroup below whose limit was hit, if that is known. */
  hitBelow(): string | undefined;
}

/** Decides on the verdict: by the kernel's log as far as it names the limit, and else by what was counted. */
export function assessKills(
  directory: Pick<CgroupDirectory, 'path'>,
  limits: Pick<LimitsAround, 'logged' | 'named'>,
  { kills: counted, mayLackKills, mayHaveLost, whose, hitBelow }: Counted,
): OomAssessment {
  const { kills: logged, victims, complete } = killsOf(directory);
  const kills = mayLackKills ? Math.max(counted, logged.length) : counted;
  const told = (limit: KillingLimit): OomAssessment => ({ kills, verdict: { ...limit, kills, victims } });
  const named = limits.logged(logged);
  if (named !== undefined) return told(named);
  if (kills > 0) return told(limits.named(whose(), hitBelow));
  return mayHaveLost(complete) ? told(nowhere('unknown')) : { kills, verdict: null };
}

/** What a v2 verdict is based on: growth since the child's start, read after its end and before the removal. */
export interface OomEvidenceV2 {
  /** `oom` of the cgroup's `memory.events`: memory was refused at its limit, or at one below it. */
  oomWithin: number;
  /** `oom` of its `memory.events.local`: memory was refused at its own limit. */
  oomAtLimit: number;
  /** `oom` of the `memory.events.local` of each cage around it, nearest first. */
  oomCages: readonly number[];
  /** A cage around it had refused memory even before the child's start. */
  oomCagesBefore: boolean;
  /** `oom` of the `memory.events.local` of each ancestor, nearest first. */
  oomAncestors: readonly number[];
  /** There are more ancestors, which can't be read. */
  hiddenAncestors: boolean;
}

/** What a v1 verdict is based on: growth since the child's start, read after its end and before the removal. */
export interface OomEvidenceV1 {
  /** `oom_kill` of `memory.oom_control`, summed over the cgroup and all below it. */
  kills: number;
  /** `oom_kill` of the cgroup alone. */
  ownKills: number;
  /**
   * Counts of the eventfds: on the cgroup, then on the cages around it, nearest first, and last on the cage root. Read
   * them in this order: the kernel notifies from the top down, so an OOM higher up that comes in between can't look
   * like one further down.
   */
  fired: readonly number[];
  /** A cgroup below had kills, and its limit, or one between it and this cgroup, was hit. */
  nestedLimitHit: boolean;
}

/**
 * Decides whose limit killed on cgroup v2, given that something was killed.
 *
 * The kernel counts `oom` at the cgroup whose limit was hit, and `oom_kill` at the victim's cgroup. Both add up towards
 * the root, except in the local files. So a kill with a local `oom` is due to the cgroup's own limit, even if the
 * victim was in a cgroup below it.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 */
export function whoseV2(evidence: OomEvidenceV2): Whose {
  const { oomWithin, oomAtLimit, oomCages, oomCagesBefore, oomAncestors, hiddenAncestors } = evidence;
  if (oomAtLimit > 0) return { cause: 'limit' };
  if (oomWithin > 0) return { cause: 'descendant' };
  const cage = oomCages.findIndex((oom) => oom > 0);
  if (cage !== -1) return { cause: 'cage', index: cage };
  const ancestor = oomAncestors.findIndex((oom) => oom > 0);
  if (ancestor !== -1) return { cause: 'ancestor', index: ancestor };
  // The kernel counts `oom` a moment before it chooses the victim, which may have been started in between.
  return { cause: hiddenAncestors || oomCagesBefore ? 'unknown' : 'system' };
}

/**
 * Decides whose limit killed on cgroup v1, given that something was killed.
 *
 * v1 counts only kills, at the victim's cgroup and without adding them up. An eventfd fires for the cgroup whose limit
 * was hit and for all below it, with or without a victim. So the limit was a cgroup's own only if its eventfd fired
 * more often than that of the next one above it.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html#oom-control
 */
export function whoseV1({ kills, ownKills, fired, nestedLimitHit }: OomEvidenceV1): Whose {
  const level = levelV1(fired);
  if (level === 0) return { cause: 'limit' };
  if (level !== undefined && level < fired.length - 1) return { cause: 'cage', index: level - 1 };
  if (level !== undefined) return { cause: 'ancestor', index: 0 };
  // A limit below the cgroup kills below the cgroup.
  return { cause: nestedLimitHit && kills > ownKills ? 'descendant' : 'system' };
}

/** Index of the nearest cgroup whose limit was hit; undefined if none was. */
export function levelV1(fired: readonly number[]): number | undefined {
  const level = fired.findIndex((count, index) => count > (fired[index + 1] ?? 0));
  return level === -1 ? undefined : level;
}
