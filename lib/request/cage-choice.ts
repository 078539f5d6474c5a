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

/** The cage that a child will be in. */
export interface CageChoice {
  /** The shared cage to start in. */
  shared: SharedCage | undefined;
  /** The limits of a private cage to make. */
  limits: ResolvedLimits | undefined;
  /** The shared cage to make the private cage in. */
  within: SharedCage | undefined;
  /** The child's own option takes precedence over its cage's. */
  nodeHeap: NodeHeapSetting;
}

/** An explicit cage or parent takes precedence over the surrounding cage of `contain()`. */
export function chooseCage({ cage, limits, parent, nodeHeap: own }: ResolvedCageOptions): CageChoice {
  refuseOtherCopy();
  const around = cage === undefined && parent === undefined ? cageAround() : undefined;
  const nodeHeap = own ?? (cage ?? around)?.nodeHeap;
  return limits === undefined
    ? { shared: cage ?? around, limits, within: undefined, nodeHeap }
    : { shared: undefined, limits, within: cage ?? around, nodeHeap };
}

/** Makes the child's home in its cage; undefined without a cage. */
export function makeCagedChild(
  { shared, limits, within }: CageChoice,
  { parent, keepDescendants, namespaces, memoryDetails }: ResolvedCageOptions,
  { detached }: { detached: boolean },
): CagedChild | undefined {
  let child: CagedChild | undefined;
  if (shared !== undefined) child = new LeafChild(shared);
  else if (limits !== undefined) {
    child = new PrivateChild({
      limits,
      parent,
      within,
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
  if (shared !== undefined) return shared.cageCgroup.report.fromPlan();
  if (limits === undefined) return null;
  return { limitBytes: limits.max ?? Number.POSITIVE_INFINITY, peakBytes: null, swapLimited: true };
}
