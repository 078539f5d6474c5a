import { retry } from '../../cgroup/processes/remove';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { PolledGroup } from '../polling/open-group';

export const PATIENCE_MS = 10_000;

/**
 * Kills all processes of a group. Resolves once none is left, and `isDone`; ERR_MEMCAGE_BUSY if that takes too long.
 * Keeps the event loop alive until then: an outcome or a close() depends on it.
 */
export async function emptyGroup(group: PolledGroup, isDone = () => true): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  if (!(await group.killAll(PATIENCE_MS))) throw notEmptied();
  if (!isDone() && !(await retry(isDone, endMs - performance.now()))) throw notEmptied();
}

export function notEmptied(): MemcageError {
  return new MemcageError(ErrorCode.BUSY, `The cage could not be emptied within ${PATIENCE_MS} ms`);
}

export function notAnswered(): MemcageError {
  return new MemcageError(
    ErrorCode.BUSY,
    `The child was not started: what polls its cage did not look at the processes within ${PATIENCE_MS} ms`,
  );
}
