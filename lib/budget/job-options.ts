import { invalidArgument } from '../errors/errors';

/** What a budget itself needs of a job's options. */
export interface OwnJobOptions {
  key: string | undefined;
  priority: number;
  signal: AbortSignal | undefined;
}

type Given = { [N in keyof OwnJobOptions]?: unknown };

/** @throws TypeError for a value of the wrong type */
export function checkJobOptions({ key, priority = 0, signal }: Given): OwnJobOptions {
  if (key !== undefined && typeof key !== 'string') throw invalidArgument('key', 'a text', key);
  if (typeof priority !== 'number' || !Number.isFinite(priority)) {
    throw invalidArgument('priority', 'a finite number', priority);
  }
  if (signal !== undefined && !isSignal(signal)) throw invalidArgument('signal', 'an AbortSignal', signal);
  return { key, priority, signal };
}

/** Of any realm. */
function isSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null) return false;
  return 'aborted' in value && typeof (value as AbortSignal).addEventListener === 'function';
}
