import type { CageChoice } from './cage-choice';
import type { ResolvedCageOptions } from './cage-options';

/** Whether a call asks for nothing of memcage's: Node alone can start this child. */
export function isPlain({ namespaces }: ResolvedCageOptions, { shared, limits, nodeHeap }: CageChoice): boolean {
  const isCaged = shared !== undefined || limits !== undefined;
  return !isCaged && nodeHeap === undefined && Object.values(namespaces).every((value) => !value);
}
