import type { MemoryReport } from '../../types/outcome';
import type { SharedCage } from '../cage/shared-cage';
import type { ResolvedLimits } from '../cgroup/limits/resolve-limits';
import type { CagedChild } from '../child/caged-child';
import { LeafChild } from '../child/leaf-child';
import { PrivateChild } from '../child/private-child';
import { hasPidNamespace } from '../namespaces/namespaces';
import type { NodeHeapSetting } from '../process/node-heap';
import type { ResolvedCageOptions } from './cage-options';
import { cageAround, refuseOtherCopy } from './context';

/** Where a child is to live. */
export interface CageChoice {
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
export function chooseCage({ cage, limits, parent, nodeHeap: own }: ResolvedCageOptions): CageChoice {
  refuseOtherCopy();
  const around = cage === undefined && parent === undefined ? cageAround() : undefined;
  const nodeHeap = own ?? (cage ?? around)?.nodeHeap;
  return limits === undefined
    ? { shared: cage ?? around, limits, within: undefined, nodeHeap }
    : { shared: undefined, limits, within: cage ?? around, nodeHeap };
}

/** Makes what the child is to live in; undefined without a cage. */
export function makeCagedChild(
  { shared, limits, within }: CageChoice,
  { parent, keepDescendants, namespaces, memoryDetails }: ResolvedCageOptions,
  { detached }: { detached: boolean },
): CagedChild | undefined {
  const isInit = hasPidNamespace(namespaces);
  let child: CagedChild | undefined;
  if (shared !== undefined) child = new LeafChild(shared);
  else if (limits !== undefined) {
    child = new PrivateChild({ limits, parent, within, detached, keepDescendants, isInit });
  }
  if (memoryDetails) child?.home.reportDetails();
  return child;
}

/** For a child that did not even get as far as its cage. */
export function memoryOfUnstarted({ shared, limits }: CageChoice): MemoryReport | null {
  if (shared !== undefined) return shared.cageCgroup.report.fromPlan();
  if (limits === undefined) return null;
  return { limitBytes: limits.max ?? Number.POSITIVE_INFINITY, peakBytes: null, swapLimited: true };
}
