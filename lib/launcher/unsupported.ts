import type { NamespaceOptions } from '../../types/options';
import { ErrorCode, MemcageError } from '../errors/errors';

export function refuseUnsupported({ user }: NamespaceOptions): void {
  if (typeof user !== 'object' || user.subordinate !== true) return;
  throw new MemcageError(
    ErrorCode.UNSUPPORTED,
    'Subordinate ids are mapped by programs that memcage runs beside the child, which only spawn() and run() can do',
  );
}
