import { invalidArgument } from '../errors/errors';
import { MOST_PIDS } from '../options/limit-bounds';
import type { Translation } from './translation';

/** @param limit -1 for unlimited */
export function translatePids(path: string, limit: number, into: Translation): void {
  if (limit === -1) into.set(path, 'pids', 'max', 'max');
  else if (limit === 0) into.lacks(path, 'with 0 no child can start');
  else if (limit > 0 && limit <= MOST_PIDS) into.set(path, 'pids', 'max', limit);
  else throw invalidArgument(path, `an integer from 0 to ${MOST_PIDS}, or -1 for unlimited`, limit);
}
