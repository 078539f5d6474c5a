import type { CageChoice } from './cage-choice';
import type { ResolvedCageOptions } from './cage-options';

/** Whether a call asks for nothing of memcage's: Node alone can start this child. */
export function isPlain(own: ResolvedCageOptions, { shared, limits, nodeHeap }: CageChoice): boolean {
  return shared === undefined && limits === undefined && nodeHeap === undefined && !wantsNamespaces(own);
}

export function wantsNamespaces({ namespaces }: Pick<ResolvedCageOptions, 'namespaces'>): boolean {
  return Object.values(namespaces).some(Boolean);
}
