import { invalidArgument } from '../../common/errors/argument-errors';
import { MemcageError } from '../../common/errors/errors';
import { checkFlag } from '../../common/options/checks';
import { checkOptions } from '../../common/options/option-names';
import type { CgroupVersion } from '../files/formats';
import type { Source } from '../watching/moment-reader';
import {
  checkFields,
  FieldReader,
  SAMPLE_FIELDS,
  type SampleField,
  type SampleFields,
} from '../watching/sample-fields';
import { Cgroup } from './cgroup';

/** Options of {@link readMany}. */
export interface ReadManyOptions<F extends SampleField = SampleField> {
  /** What to read. For fewer fields it reads fewer files. Default: all. */
  fields?: readonly F[];
  /**
   * Keep the files open for the next call, until the handle is closed. That halves the time, and takes one fd for each
   * file of each cgroup. Default: false.
   */
  keepOpen?: boolean;
}

/** What {@link readMany} returns for each cgroup. */
export type Reading<F extends SampleField = SampleField> = Pick<SampleFields, F>;

/** The reader of the last call. It knows the lines of this kernel's `memory.stat`. */
let last: { key: string; reader: FieldReader<SampleField> } | undefined;

/**
 * Read the memory of many cgroups, in the order in which you give them. If a cgroup can't be read, its result is the
 * error, with the code `ERR_MEMCAGE_NO_CGROUP` if it was removed, and `ERR_MEMCAGE_CLOSED` if its handle is closed.
 * An error that is not about one of the cgroups is thrown, for example a lack of fds (`EMFILE`); then the files that
 * `keepOpen` opened are closed again.
 *
 * ```js run
 * import { Cgroup, readMany } from 'memcage/cgroup';
 *
 * const own = Cgroup.self();
 * const [reading] = readMany([own], { fields: ['usageBytes'] });
 * console.log(reading instanceof Error ? reading.message : reading?.usageBytes !== 0);
 * own.close();
 * ```
 *
 * ```text output
 * true
 * ```
 *
 * @throws TypeError for bad arguments
 */
export function readMany<F extends SampleField = SampleField>(
  cgroups: Iterable<Cgroup>,
  options: ReadManyOptions<F> = {},
): (Reading<F> | MemcageError)[] {
  const { fields, keepOpen } = check<F>(options);
  const handles = checkCgroups(cgroups);
  const [one] = handles;
  if (one === undefined) return [];
  const results = new Array<Reading<F> | MemcageError>(handles.length);
  const sources: Source[] = [];
  const indices: number[] = [];
  const opened: Source[] = [];
  for (const [index, handle] of handles.entries()) {
    try {
      const source = { directory: handle.opened(), files: keepOpen ? handle.keptFiles() : undefined };
      if (source.files?.size === 0) opened.push(source);
      sources.push(source);
      indices.push(index);
    } catch (error) {
      results[index] = asResult(error);
    }
  }
  try {
    for (const [index, result] of readerOf(one.version, fields).read(sources).entries()) {
      results[indices[index] as number] = result;
    }
  } catch (error) {
    for (const { files } of opened) files?.close();
    throw error;
  }
  return results;
}

function asResult(error: unknown): MemcageError {
  if (error instanceof MemcageError) return error;
  throw error;
}

function readerOf<F extends SampleField>(version: CgroupVersion, fields: readonly F[]): FieldReader<F> {
  const key = [version, ...fields].join();
  if (last?.key !== key) last = { key, reader: new FieldReader<SampleField>(version, fields) };
  // The key has the same version and fields.
  return last.reader as unknown as FieldReader<F>;
}

function check<F extends SampleField>(options: unknown): { fields: readonly F[]; keepOpen: boolean } {
  const { fields = SAMPLE_FIELDS, keepOpen = false } = checkOptions(options, {
    of: 'readMany',
    known: ['fields', 'keepOpen'],
  });
  return { fields: checkFields<F>(fields), keepOpen: checkFlag('keepOpen', keepOpen) };
}

function checkCgroups(cgroups: unknown): Cgroup[] {
  const isIterable = typeof cgroups === 'object' && cgroups !== null && Symbol.iterator in cgroups;
  if (!isIterable) throw invalidArgument('cgroups', 'an array of cgroups, or another iterable', cgroups);
  const handles = [...(cgroups as Iterable<unknown>)];
  for (const handle of handles) {
    if (!(handle instanceof Cgroup)) throw invalidArgument('cgroups', 'instances of Cgroup', handle);
  }
  return handles as Cgroup[];
}
