import type { NamespaceOptions } from '../../../types/options';
import { ErrorCode, MemcageError } from '../../common/errors/errors';

export function refuseUnsupported({ user }: NamespaceOptions): void {
  if (typeof user !== 'object' || user.subordinate !== true) return;
  throw new MemcageError(
    ErrorCode.UNSUPPORTED,
    'Only spawn() and run() support `subordinate`: memcage must run newuidmap beside the child',
  );
}
