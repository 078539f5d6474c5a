import type { NamespaceOptions } from '../../types/options';
import { invalidArgument } from '../errors/errors';
import type { Root } from './root';

/**
 * A root of its own is in a mount namespace of its own. Without a PID namespace `/proc/PID/root` of the processes outside
 * would lead out of it, and with an init its program need not be one.
 */
export function withRoot(namespaces: NamespaceOptions, root: Root | undefined): NamespaceOptions {
  if (root === undefined) return namespaces;
  if (namespaces.mount === false) {
    throw invalidArgument('namespaces.mount', 'no value, or true (root needs a mount namespace)', false);
  }
  return { ...namespaces, mount: true, pid: namespaces.pid ?? { init: true } };
}
