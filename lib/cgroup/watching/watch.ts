import { AbortError, ErrorCode, invalidArgument, MemcageError } from '../../common/errors/errors';
import { wakeAt } from '../../common/event-loop/ticker';
import { checkOptions } from '../../common/options/option-names';
import type { CgroupDirectory } from '../directory/directory';
import { isGone } from '../directory/refusal';
import type { CgroupVersion } from '../files/formats';
import { checkFields } from './field-reader';
import { SAMPLE_FIELDS, type SampleField, type SampleFields } from './fields';
import { Sampler } from './sample';

/** Options of {@link Cgroup.watch}. */
export interface WatchOptions<F extends SampleField = SampleField> {
  /** Milliseconds from one sample to the next, at least 10. A function is called after each sample. Default: 1000. */
  intervalMs?: number | (() => number);
  /** The fields to read. Fewer fields take fewer files. Default: all. */
  fields?: readonly F[];
  /** Ends the loop with an `AbortError`, as in Node. */
  signal?: AbortSignal;
}

/** A sample from {@link Cgroup.watch}. */
export type Sample<F extends SampleField = SampleField> = Pick<SampleFields, F> & {
  /** When it was read, in milliseconds since the epoch. */
  timeMs: number;
  /** How many samples were skipped since the previous one, because nobody asked for them in time. */
  missed: number;
};

const LEAST_INTERVAL_MS = 10;
const MOST_INTERVAL_MS = 2 ** 31 - 1;

/**
 * Yields the first sample at once, and each later one a multiple of the interval after the previous one was due, so
 * there is no drift. A late request gets the next sample, not one that was missed, so there is no backlog. Ends when
 * the cgroup is gone.
 *
 * @param open throws if the handle is closed
 */
export async function* watchCgroup<F extends SampleField>(
  open: () => CgroupDirectory,
  version: CgroupVersion,
  { intervalMs, fields, signal }: Required<Omit<WatchOptions<F>, 'signal'>> & { signal: AbortSignal | undefined },
): AsyncGenerator<Sample<F>, void, undefined> {
  let dueMs = performance.now();
  let missed = 0;
  let sampler: Sampler<F> | undefined;
  for (;;) {
    await until(dueMs, signal);
    let values: Pick<SampleFields, F>;
    try {
      const directory = open();
      sampler ??= new Sampler(directory, version, fields);
      values = sampler.read();
    } catch (error) {
      if (isGone(error) || isClosed(error)) return;
      throw error;
    }
    yield { ...values, timeMs: Date.now(), missed };
    const stepMs = typeof intervalMs === 'function' ? checkInterval(intervalMs()) : intervalMs;
    const steps = Math.max(1, Math.ceil((performance.now() - dueMs) / stepMs));
    dueMs += steps * stepMs;
    missed = steps - 1;
  }
}

/** Throws TypeError or RangeError. */
export function checkWatchOptions<F extends SampleField>(options: unknown) {
  const {
    intervalMs = 1000,
    fields = SAMPLE_FIELDS,
    signal,
  } = checkOptions(options, {
    of: 'cgroup.watch',
    known: ['intervalMs', 'fields', 'signal'],
    aliases: { interval: 'intervalMs' },
  });
  const checkedInterval = typeof intervalMs === 'function' ? (intervalMs as () => number) : checkInterval(intervalMs);
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw invalidArgument('signal', 'an AbortSignal', signal);
  return { intervalMs: checkedInterval, fields: checkFields<F>(fields), signal };
}

function checkInterval(intervalMs: unknown): number {
  if (typeof intervalMs === 'number' && intervalMs >= LEAST_INTERVAL_MS && intervalMs <= MOST_INTERVAL_MS) {
    return intervalMs;
  }
  throw invalidArgument('intervalMs', `milliseconds from ${LEAST_INTERVAL_MS} to ${MOST_INTERVAL_MS}`, intervalMs);
}

function isClosed(error: unknown): boolean {
  return error instanceof MemcageError && error.code === ErrorCode.CLOSED;
}

function until(dueMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) throw new AbortError(signal.reason);
    const onAbort = (): void => {
      takeBack();
      reject(new AbortError(signal?.reason));
    };
    const takeBack = wakeAt(dueMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
