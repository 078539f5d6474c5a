import { invalidArgument } from '../../common/errors/argument-errors';
import { AbortError, ErrorCode, MemcageError } from '../../common/errors/errors';
import { checkOptions } from '../../common/options/option-names';
import { keptInJson } from '../../common/text/json';
import type { CgroupDirectory } from '../directory/directory';
import { isGone } from '../directory/refusal';
import type { CgroupVersion } from '../files/formats';
import type { Source } from './moment-reader';
import {
  checkFields,
  type EventCounts,
  FieldReader,
  SAMPLE_FIELDS,
  type SampleField,
  type SampleFields,
} from './sample-fields';

/** Options of {@link Cgroup.watch}. */
export interface WatchOptions<F extends SampleField = SampleField> {
  /** Milliseconds from one sample to the next, at least 10. Default: 1000. */
  intervalMs?: number;
  /** The fields to read. Fewer fields take fewer files. Default: all. */
  fields?: readonly F[];
  /** Ends the loop with an `AbortError`, as in Node. Default: none. */
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
  let reader: SampleReader<F> | undefined;
  for (;;) {
    await until(dueMs, signal);
    let values: Pick<SampleFields, F>;
    try {
      const directory = open();
      reader ??= new SampleReader(directory, version, fields);
      values = reader.read();
    } catch (error) {
      if (isGone(error) || isClosed(error)) return;
      throw error;
    }
    yield keptInJson({ ...values, timeMs: Date.now(), missed });
    const steps = Math.max(1, Math.ceil((performance.now() - dueMs) / intervalMs));
    dueMs += steps * intervalMs;
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
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw invalidArgument('signal', 'an AbortSignal', signal);
  return { intervalMs: checkInterval(intervalMs), fields: checkFields<F>(fields), signal };
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

/** Someone who waits for a time of performance.now(). */
interface Waiter {
  readonly dueMs: number;
  readonly wake: () => void;
}

const waiters = new Set<Waiter>();
let timer: NodeJS.Timeout | undefined;
let timerDueMs = Number.POSITIVE_INFINITY;

/** Calls `wake` at that time; all waiters share one timer. Returns a function that cancels it. */
function wakeAt(dueMs: number, wake: () => void): () => void {
  const waiter = { dueMs, wake };
  waiters.add(waiter);
  if (dueMs < timerDueMs) setTimer(dueMs);
  return () => {
    // A timer without waiters would keep the process alive.
    if (waiters.delete(waiter) && waiters.size === 0) clearTimer();
  };
}

function setTimer(dueMs: number): void {
  clearTimeout(timer);
  timerDueMs = dueMs;
  // setTimeout counts from the beginning of this iteration of the event loop, in whole milliseconds.
  timer = setTimeout(wakeAllDue, Math.max(0, Math.ceil(dueMs - performance.now())));
}

function clearTimer(): void {
  clearTimeout(timer);
  timer = undefined;
  timerDueMs = Number.POSITIVE_INFINITY;
}

function wakeAllDue(): void {
  const nowMs = performance.now();
  const due = [...waiters].filter(({ dueMs }) => dueMs <= nowMs);
  for (const waiter of due) waiters.delete(waiter);
  const next = Math.min(...Array.from(waiters, ({ dueMs }) => dueMs));
  if (next === Number.POSITIVE_INFINITY) clearTimer();
  else setTimer(next);
  for (const { wake } of due) wake();
}

/** Reads these fields of a cgroup repeatedly. Remembers the event counts. */
class SampleReader<F extends SampleField> {
  readonly #reader: FieldReader<F>;
  readonly #sources: readonly [Source];
  #counts: EventCounts | undefined;

  constructor(directory: CgroupDirectory, version: CgroupVersion, names: readonly F[]) {
    this.#sources = [{ directory, files: undefined }];
    this.#reader = new FieldReader(version, names);
    if ((names as readonly SampleField[]).includes('events')) {
      this.#counts = readOne(new FieldReader(version, ['events']), this.#sources).events;
    }
  }

  read(): Pick<SampleFields, F> {
    const values: Partial<SampleFields> = readOne(this.#reader, this.#sources);
    if (this.#counts !== undefined) {
      const counts = values.events as EventCounts;
      values.events = since(this.#counts, counts);
      this.#counts = counts;
    }
    return values as Pick<SampleFields, F>;
  }
}

function readOne<F extends SampleField>(reader: FieldReader<F>, source: readonly [Source]): Pick<SampleFields, F> {
  const [values] = reader.read(source);
  if (values === undefined || values instanceof MemcageError) throw values;
  return values;
}

/** v1's counts restart when someone writes to them. */
function since(before: EventCounts, now: EventCounts): EventCounts {
  const counts = { ...now };
  for (const name of Object.keys(counts) as (keyof EventCounts)[]) {
    const [count, last] = [now[name], before[name]];
    if (count !== null && last !== null && count >= last) counts[name] = count - last;
  }
  return counts;
}
