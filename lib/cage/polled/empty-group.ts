import { retry } from '../../cgroup/processes/remove';
import { ErrorCode, MemcageError } from '../../errors/errors';
import type { PolledGroup } from '../../polling/open-group';

export const PATIENCE_MS = 10_000;

/**
 * Kills all processes of a group. Resolves once none is left, and `isDone`. Keeps the event loop alive until then: an
 * outcome or a close() depends on it.
 */
export async function emptyGroup(group: PolledGroup, isDone = () => true): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, 'late');
  });
  try {
    if ((await Promise.race([group.killAll(), late])) === 'late') throw notEmptied();
    if (!isDone() && !(await retry(isDone, endMs - performance.now()))) throw notEmptied();
  } finally {
    clearTimeout(timer);
  }
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
