import type { CageLimits } from '../../cgroup/limits/cage-limits';
import { contradiction, invalidArgument } from '../../common/errors/argument-errors';
import { CURE, mention, words } from '../../common/errors/words';
import { formatSize } from '../../common/text/size';
import type { Capacity, Need } from './admission/admission';

/** All keys are kept, in memory and maybe in a file. */
const MOST_KEY_LENGTH = 500;
const FINITE = "A job needs a limit of memory, which it takes of the budget's, such as { memory: '512M' }";

/** What a budget itself needs of a job's options. */
export interface OwnJobOptions {
  key: string | undefined;
  priority: number;
  signal: AbortSignal | undefined;
}

type Given = { [N in keyof OwnJobOptions]?: unknown };

/** @throws TypeError for a value of the wrong type */
export function checkJobOptions({ key, priority = 0, signal }: Given): OwnJobOptions {
  if (key !== undefined && !isKey(key)) {
    throw invalidArgument('key', `a text of 1 to ${MOST_KEY_LENGTH} characters`, key);
  }
  if (typeof priority !== 'number' || !Number.isFinite(priority)) {
    throw invalidArgument('priority', 'a finite number', priority);
  }
  if (signal !== undefined && !isSignal(signal)) throw invalidArgument('signal', 'an AbortSignal', signal);
  return { key, priority, signal };
}

function isKey(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MOST_KEY_LENGTH;
}

/** Whether it is an AbortSignal, of whatever realm. */
function isSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null) return false;
  return 'aborted' in value && typeof (value as AbortSignal).addEventListener === 'function';
}

/**
 * What a job with these limits takes.
 *
 * @throws TypeError if that is more than the budget has, or memory is not limited
 */
export function needOf({ memory, cpu, pids }: Partial<CageLimits>, capacity: Capacity): Need {
  const memoryBytes = memory?.max;
  if (memoryBytes === undefined || memoryBytes === Number.POSITIVE_INFINITY) {
    throw contradiction('memory', FINITE);
  }
  const need = { memoryBytes, cpus: finite(cpu?.max), pids: finite(pids) };
  refuseMore('memory', need.memoryBytes, capacity.memoryBytes, formatSize);
  refuseMore('cpu', need.cpus, capacity.cpus, (count) => `${count} processors`);
  refuseMore('pids', need.pids, capacity.pids, (count) => `${count} processes and threads`);
  return need;
}

function finite(given: number | undefined): number {
  return given === undefined || given === Number.POSITIVE_INFINITY ? 0 : given;
}

function refuseMore(option: string, wanted: number, most: number, format: (count: number) => string): void {
  if (wanted <= most) return;
  const message = words`${mention(option)}: the job needs ${format(wanted)}, and the whole budget has ${format(most)}`;
  throw contradiction(option, words`${message}${CURE}give the job less, or createBudget() more`);
}
