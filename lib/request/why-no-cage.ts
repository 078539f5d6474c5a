import { host } from '../cgroup/hierarchy/host';
import { MemcageError } from '../errors/errors';

/** Why no cage can be made on this machine; undefined if nothing is known against it. Changes nothing. */
export function whyNoCage(): MemcageError | undefined {
  try {
    host();
    return undefined;
  } catch (error) {
    if (error instanceof MemcageError) return error;
    throw error;
  }
}
