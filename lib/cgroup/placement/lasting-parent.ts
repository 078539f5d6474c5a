import type { Parent, ParentCandidate } from '../../../types/parent';
import type { Host } from '../hierarchy/host';
import { considerGiven, givenParent, wishes } from './default-parent';
import { noParent } from './describe';
import { runBlocking } from './effects';
import { findParent } from './find-parent';
import { undoLasting } from './make-ready';
import { readParentFacts } from './parent-facts';

/**
 * Finds a parent for the cages of the program that this process is about to become, and makes it ready. No guardian is
 * told of it, and the end of this process does not give it back.
 *
 * @returns the parent. The program finds the same one without being told
 * @throws ERR_MEMCAGE_NO_PARENT
 */
export function prepareLastingParent(host: Host): Parent {
  const given = givenParent(host);
  if (given === undefined) return runBlocking(findParent(host, { ...wishes, entryPoint: true }));
  const candidate = considerGiven(given, host);
  const refused = candidate.refusal === null ? refuseFull(given, host) : candidate;
  if (refused !== undefined) throw noParent([refused]);
  return given;
}

/** Undoes that, if this process can't become the program after all. */
export function giveBackLastingParent(): void {
  try {
    runBlocking(undoLasting());
  } catch {
    // Others are in it.
  }
}

/** v2: memory can't be enabled for cages below a cgroup that has processes. */
function refuseFull(given: Parent, { version }: Host): ParentCandidate | undefined {
  if (version === 1) return undefined;
  const { enabled, pids, type } = readParentFacts(given.path);
  const isRoot = type === undefined;
  if (enabled.includes('memory') || pids.length === 0 || isRoot) return undefined;
  const refusal = "it has processes of its own, so it can't give the memory controller to cgroups below it";
  return { ...given, refusal, cure: 'unset MEMCAGE_PARENT, or let it name a cgroup without processes' };
}
