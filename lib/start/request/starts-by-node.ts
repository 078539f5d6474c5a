import { canLoad, loadNative } from '../../common/addon/load-native';
import { acceptedIn, type CageChoice } from './cage-choice';
import type { ResolvedCageOptions } from './cage-options';
import { isPlain, needsAddon } from './is-plain';

/**
 * Whether Node itself starts the child, since the addon does not load here.
 *
 * @throws ERR_MEMCAGE_UNSUPPORTED, as the addon's load does, for what the caller does not accept without it: namespaces
 * and settings of the child are never left out, and a cage needs the kernel unless `enforce` says otherwise
 */
export function startsByNode(own: ResolvedCageOptions, choice: CageChoice): boolean {
  const plain = isPlain(own, choice);
  try {
    if (canLoad()) return false;
  } catch (error) {
    // No fd is free, for example. Node then says so itself, in its own way.
    if (!plain) throw error;
  }
  if (plain) return true;
  const accepted = acceptedIn(choice.shared ?? choice.within, own.enforce);
  if (accepted === 'kernel' || needsAddon(own, choice)) loadNative();
  return true;
}
