import type { NamespaceOptions } from '../../../types/options';
import { invalidArgument } from '../../common/errors/errors';
import { hasInit } from '../namespaces/namespaces';
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
  const implied = { ...namespaces, mount: true, pid: namespaces.pid ?? { init: true } };
  const hidden = hasInit(implied) ? root.hide.find(({ path }) => path === '/proc') : undefined;
  if (hidden !== undefined) {
    const expected = 'another path than /proc, which an init needs (with namespaces: { pid: true } there is none)';
    throw invalidArgument(hidden.option, expected, hidden.path);
  }
  return implied;
}
