import { canLoad, loadNative } from '../../common/addon/load-native';
import { acceptedIn, isPlain, needsAddon, type StartRequest } from './start-request';

/**
 * Whether Node itself starts the child, since the addon does not load here.
 *
 * @throws ERR_MEMCAGE_UNSUPPORTED, as the addon's load does, for what the caller does not accept without it: namespaces
 * and settings of the child are never left out, and a cage needs the kernel unless `enforce` says otherwise
 */
export function startsByNode(request: StartRequest): boolean {
  const plain = isPlain(request);
  try {
    if (canLoad()) return false;
  } catch (error) {
    // No fd is free, for example. Node then says so itself, in its own way.
    if (!plain) throw error;
  }
  if (plain) return true;
  const accepted = acceptedIn(request.shared ?? request.within, request.enforce);
  if (accepted === 'kernel' || needsAddon(request)) loadNative();
  return true;
}
