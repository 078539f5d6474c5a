import type { Enforce } from '../../../types/options';
import type { MemoryReport } from '../../../types/outcome';
import { SharedCage } from '../../cage/shared-cage';
import type { CageLimits } from '../../cgroup/limits/cage-limits';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { hasPidNamespace } from '../../process/namespaces/namespaces';
import type { NodeHeapSetting } from '../../process/node-heap';
import { type ChildSettings, settingsIn } from '../../process/settings/child-settings';
import type { CagedChild } from '../child/caged-child';
import { LeafChild } from '../child/leaf-child';
import { PrivateChild } from '../child/private-child';
import type { ResolvedCageOptions } from './cage-options';
import { cageAround, refuseOtherCopy, turnsAround } from './context';
import { enforceOf, isWeaker } from './enforce-option';
import type { AnySharedCage } from './member';
import { refuseTooFewPids } from './too-few-pids';
import type { Turns } from './turns';

/** The cage that a child will be in. */
export interface CageChoice {
  /** The shared cage to start in. */
  shared: AnySharedCage | undefined;
  /** The limits of a private cage to make. */
  limits: CageLimits | undefined;
  /** The shared cage to make the private cage in. */
  within: AnySharedCage | undefined;
  /** The child's own option takes precedence over its cage's. */
  nodeHeap: NodeHeapSetting;
  /** The same, setting by setting. */
  settings: ChildSettings;
  /** Of whom the child gets its turn to start, if it needs one. */
  turns?: Turns;
}

/** An explicit cage or parent takes precedence over the surrounding cage of `contain()`. */
export function chooseCage(own: ResolvedCageOptions): CageChoice {
  const { cage, limits, parent } = own;
  refuseOtherCopy();
  const around = cage === undefined && parent === undefined ? cageAround() : undefined;
  const held = cage ?? around;
  const turns = around && turnsAround();
  const nodeHeap = own.nodeHeap ?? held?.nodeHeap;
  const settings = settingsIn(held?.settings, own.settings);
  if (turns !== undefined)
    return { shared: undefined, limits: turns.limitsFor(limits), within: held, nodeHeap, settings, turns };
  return limits === undefined
    ? { shared: held, limits, within: undefined, nodeHeap, settings }
    : { shared: undefined, limits, within: held, nodeHeap, settings };
}

/** Who chose a cage accepted what holds it, unless the option says otherwise. */
export function acceptedIn(held: AnySharedCage | undefined, enforce: Enforce | undefined): Enforce {
  if (held === undefined) return enforceOf(enforce);
  const { kind, reason } = held.enforcedBy;
  if (enforce === undefined) return kind;
  if (!isWeaker(kind, enforce)) return enforce;
  throw new MemcageError(
    ErrorCode.UNSUPPORTED,
    `enforce: '${enforce}' can't be had in the cage around, which is held by '${kind}' (${reason}): leave it out, or call ` +
      'it outside of contain()',
  );
}

/**
 * Makes the child's home in a cage of the kernel's; undefined without a cage.
 *
 * @param file the program, if it is known
 */
export function makeCagedChild(
  choice: CageChoice,
  own: ResolvedCageOptions,
  { detached, file }: { detached: boolean; file?: string },
): CagedChild | undefined {
  refuseTooFewPids(choice, own, file);
  const { shared, limits, within } = choice;
  const { thresholds, parent, keepDescendants, namespaces, memoryDetails } = own;
  let child: CagedChild | undefined;
  if (shared !== undefined) child = new LeafChild(ofKernel(shared));
  else if (limits !== undefined) {
    child = new PrivateChild({
      limits,
      thresholds,
      parent,
      within: within && ofKernel(within),
      detached,
      keepDescendants,
      hasPidNamespace: hasPidNamespace(namespaces),
    });
  }
  if (memoryDetails) child?.home.reportDetails();
  return child;
}

/** For a child that failed before its cage was made. */
export function memoryOfUnstarted({ shared, limits }: CageChoice): MemoryReport | null {
  if (shared !== undefined) {
    return shared instanceof SharedCage ? shared.cageCgroup.report.fromPlan() : shared.reportOn(undefined);
  }
  if (limits === undefined) return null;
  return { limitBytes: limits.memory.max ?? Number.POSITIVE_INFINITY, peakBytes: null, swapLimited: true };
}

/** Only a cgroup can be joined by a child that somebody else starts. */
function ofKernel(cage: AnySharedCage): SharedCage {
  if (cage instanceof SharedCage) return cage;
  const { kind, reason } = cage.enforcedBy;
  throw new MemcageError(
    ErrorCode.UNSUPPORTED,
    `The launcher puts a program into a cgroup, and this cage has none. It is held by '${kind}': ${reason}`,
  );
}
