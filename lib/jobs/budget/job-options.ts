import { invalidArgument } from '../../common/errors/errors';

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

/** All keys are kept, in memory and maybe in a file. */
const MOST_KEY_LENGTH = 500;

function isKey(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MOST_KEY_LENGTH;
}

/** Of any realm. */
function isSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null) return false;
  return 'aborted' in value && typeof (value as AbortSignal).addEventListener === 'function';
}
