import { hasSettings } from '../../process/settings/child-settings';
import type { CageChoice } from './cage-choice';
import type { ResolvedCageOptions } from './cage-options';

/** Whether a call asks for nothing of memcage's: Node alone can start this child. */
export function isPlain(own: ResolvedCageOptions, choice: CageChoice): boolean {
  const { shared, limits, nodeHeap } = choice;
  return shared === undefined && limits === undefined && nodeHeap === undefined && !needsAddon(own, choice);
}

/** Whether a call asks for what only the addon does, apart from cages. */
export function needsAddon(own: ResolvedCageOptions, { settings }: CageChoice): boolean {
  return wantsNamespaces(own) || hasSettings(settings);
}

function wantsNamespaces({ namespaces }: Pick<ResolvedCageOptions, 'namespaces'>): boolean {
  return Object.values(namespaces).some(Boolean);
}
