import type { MemoryReport } from '../types/outcome';
import type { SharedCage } from './cage/shared-cage';
import { enterPrivateCage, type Stay } from './cage/stay';
import type { ResolvedLimits } from './cgroup/limits';
import { cageAround, refuseOtherCopy } from './context';
import { hasPidNamespace } from './namespaces';
import type { NodeHeapSetting } from './node-heap';
import type { ResolvedCageOptions } from './options';

/** Where a child is to live. */
export interface Place {
  /** The cage to start in. */
  shared: SharedCage | undefined;
  /** A private cage is to be made. */
  limits: ResolvedLimits | undefined;
  /** The cage to make that in. */
  within: SharedCage | undefined;
  /** What was said of the child counts more than what was said of its cage. */
  nodeHeap: NodeHeapSetting;
}

/** A cage or a parent that was given counts more than the one around. */
export function placeOf({ cage, limits, parent, nodeHeap: own }: ResolvedCageOptions): Place {
  refuseOtherCopy();
  const around = cage === undefined && parent === undefined ? cageAround() : undefined;
  const nodeHeap = own ?? (cage ?? around)?.nodeHeap;
  return limits === undefined
    ? { shared: cage ?? around, limits, within: undefined, nodeHeap }
    : { shared: undefined, limits, within: cage ?? around, nodeHeap };
}

/** Undefined without a cage. */
export function enterPlace(
  { shared, limits, within }: Place,
  { parent, keepDescendants, namespaces, memoryDetails }: ResolvedCageOptions,
  { detached }: { detached: boolean },
): Stay | undefined {
  const isInit = hasPidNamespace(namespaces);
  let stay: Stay | undefined;
  if (shared !== undefined) stay = shared.enter();
  else if (limits !== undefined) {
    stay = enterPrivateCage({ limits, parent, within, detached, keepDescendants, isInit });
  }
  if (memoryDetails) stay?.group.reportDetails();
  return stay;
}

/** For a child that did not even get as far as its cage. */
export function memoryOfUnstarted({ shared, limits }: Place): MemoryReport | null {
  if (shared !== undefined) return shared.group.lastReport();
  if (limits === undefined) return null;
  return { limitBytes: limits.max ?? Number.POSITIVE_INFINITY, peakBytes: null, swapLimited: true };
}
