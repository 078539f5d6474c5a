import { invalidArgument, MemcageError } from '../../common/errors/errors';
import { isGone } from '../directory/refusal';
import type { CgroupVersion } from '../files/formats';
import type { MemoryRole } from '../files/roles';
import { type Fields, fieldsOf, SAMPLE_FIELDS, type SampleField, type SampleFields } from './fields';
import { type Moment, MomentReader, type Source } from './moments';

/** Reads these fields of cgroups. */
export class FieldReader<F extends SampleField> {
  readonly #fields: Fields;
  readonly #moments: MomentReader;
  /** Copied for each result, so that it has all properties from the start. */
  readonly #empty: Pick<SampleFields, F>;

  constructor(
    version: CgroupVersion,
    private readonly names: readonly F[],
  ) {
    this.#fields = fieldsOf(version);
    const roles = new Set<MemoryRole>();
    const lines = new Set<string>();
    for (const name of names) {
      const { files = [], stat = [] } = this.#fields[name];
      for (const role of files) roles.add(role);
      for (const line of stat) lines.add(line);
    }
    if (lines.size > 0) roles.add('stat');
    this.#moments = new MomentReader(version, [...roles], [...lines]);
    this.#empty = Object.fromEntries(names.map((name) => [name, 0])) as Pick<SampleFields, F>;
  }

  /**
   * The fields of each cgroup in order, or the error for that cgroup. Throws an error that is not about one cgroup,
   * such as a lack of fds.
   */
  read(sources: readonly Source[]): (Pick<SampleFields, F> | MemcageError)[] {
    const values = new Array<Pick<SampleFields, F> | MemcageError>(sources.length);
    this.#moments.read(sources, (moment, index) => {
      try {
        values[index] = this.#fieldsOf(moment);
      } catch (error) {
        if (!(error instanceof MemcageError)) throw error;
        if (isGone(error)) sources[index]?.files?.close();
        values[index] = error;
      }
    });
    return values;
  }

  #fieldsOf(moment: Moment): Pick<SampleFields, F> {
    const values = { ...this.#empty };
    for (const name of this.names) values[name] = this.#fields[name].of(moment);
    return values;
  }
}

/** Throws TypeError. */
export function checkFields<F extends SampleField>(fields: unknown): readonly F[] {
  if (!Array.isArray(fields) || !fields.every((name) => SAMPLE_FIELDS.includes(name as SampleField))) {
    throw invalidArgument('fields', `an array of ${SAMPLE_FIELDS.join(', ')}`, fields);
  }
  return [...new Set(fields as readonly F[])];
}
