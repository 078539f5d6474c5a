import { retry } from '../../cgroup/processes/remove';
import { ErrorCode, MemcageError } from '../../errors/errors';
import type { PolledGroup } from '../../polling/open-group';

export const PATIENCE_MS = 10_000;

/**
 * Kills all processes of a group. Resolves once none is left, and `isDone`. Keeps the event loop alive until then: an
 * outcome or a close() depends on it.
 */
export async function emptyGroup(group: PolledGroup, name: string, isDone = () => true): Promise<void> {
  let failure: { error: unknown } | undefined;
  let isEmpty = false;
  const killed = group.killAll().then(
    () => {
      isEmpty = true;
    },
    (error: unknown) => {
      failure = { error };
    },
  );
  const isInTime = await retry(() => failure !== undefined || (isEmpty && isDone()), PATIENCE_MS);
  if (failure !== undefined) throw failure.error;
  if (!isInTime) throw notEmptied(name);
  await killed;
}

export function notEmptied(name: string): MemcageError {
  return new MemcageError(ErrorCode.BUSY, `${name} could not be emptied within ${PATIENCE_MS} ms`);
}
