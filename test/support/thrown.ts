import { isNativeError } from 'node:util/types';

/** What a function throws. Fails if it throws nothing, or no error. Those of Node and the addon are of Node's realm. */
export function thrown(call: () => unknown): NodeJS.ErrnoException {
  try {
    call();
  } catch (error) {
    if (isNativeError(error)) return error;
    throw new Error(`Expected an Error to be thrown, not ${String(error)}`);
  }
  throw new Error('Expected an error to be thrown');
}
