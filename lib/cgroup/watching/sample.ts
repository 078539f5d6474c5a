import { MemcageError } from '../../common/errors/errors';
import type { CgroupDirectory } from '../directory/directory';
import type { CgroupVersion } from '../files/formats';
import { FieldReader } from './field-reader';
import type { EventCounts, SampleField, SampleFields } from './fields';
import type { Source } from './moments';

/** Reads these fields of a cgroup repeatedly. Remembers the event counts. */
export class Sampler<F extends SampleField> {
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
  const entries = Object.entries(now) as [keyof EventCounts, number][];
  return Object.fromEntries(
    entries.map(([name, count]) => [name, count >= (before[name] ?? 0) ? count - (before[name] ?? 0) : count]),
  ) as unknown as EventCounts;
}
