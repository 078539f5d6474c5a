import type { MemoryReport, Outcome, RunOutput } from '../../../types/outcome';
import type { KilledChild } from './explain-oom';
import { failureOfRun } from './failure-of';

/** The child that an outcome is about, and how its error names it. */
export type EndedChild = Pick<KilledChild, 'command' | 'pid'>;

/**
 * The error that {@link run} would reject with for a child that you started yourself: {@link MemoryLimitError}, {@link
 * StallError}, {@link LimitError}, {@link ExitError}, or why it could not be started. Undefined if it ended with exit
 * code 0.
 *
 * @param outcome what `child.outcome` resolved with; `stdout` and `stderr` of the error are empty unless it has them
 */
export function failureOf(
  outcome: Outcome<MemoryReport | null> & Partial<RunOutput>,
  { command, pid }: EndedChild,
): Error | undefined {
  return failureOfRun({ file: command, pid, signal: undefined }, { stdout: '', stderr: '', ...outcome });
}
