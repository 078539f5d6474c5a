import { loadNative } from '../../addon/load-native';
import { MemcageError } from '../../errors/errors';
import type { CgroupDirectory } from '../directory/directory';
import { missingFile } from '../directory/missing-file';
import type { OpenFiles } from '../directory/open-files';
import type { CgroupVersion, FlatKeyed } from '../files/formats';
import { type MemoryRole, type MemoryRoleValue, memoryFile, parseMemoryFile } from '../files/roles';
import { createStatPicker, type StatPicker } from '../files/stat-parser';
import { readMemoryFile } from '../limits/limit-files';

/** The interface files of a cgroup at one moment. Throws when they can't be read, because it is gone for example. */
export interface Moment {
  /** Undefined where this kernel has no such file. */
  value<R extends MemoryRole>(role: R): MemoryRoleValue<R> | undefined;
  /** A line of `memory.stat`; 0 where this kernel has none. */
  stat(name: string): number;
}

/** Each cgroup with a memory controller has them, but for the root of v2: without them there is no telling, and 0 is no answer. */
const INDISPENSABLE: ReadonlySet<MemoryRole> = new Set(['usage', 'stat', 'events']);

/** A cgroup to be read. */
export interface Source {
  directory: CgroupDirectory;
  /** Its files that stay open; undefined: they are opened for each read. */
  files: OpenFiles | undefined;
}

// Some 60 cgroups: what was read is parsed while it is in the processor's cache. One for all, since reads are synchronous.
let buffer = Buffer.allocUnsafeSlow(64 * 1024);

/** Reads the same files of many cgroups, all with a few calls of the addon. */
export class MomentReader {
  readonly #moment: BatchMoment;
  readonly #files: readonly string[];
  #fds = new Int32Array(0);
  #lengths = new Int32Array(0);

  /**
   * @param roles each once
   * @param lines of `memory.stat` that are asked for; needs the role `stat` when there are any
   */
  constructor(version: CgroupVersion, roles: readonly MemoryRole[], lines: readonly string[]) {
    this.#files = roles.map((role) => memoryFile(role, version));
    this.#moment = new BatchMoment(version, roles, createStatPicker(lines));
  }

  /** `use` gets the moment of each source, in order; it is valid only during the call. */
  read(sources: readonly Source[], use: (moment: Moment, index: number) => void): void {
    const kept = sources.every(({ files }) => files !== undefined);
    const each = this.#files.length;
    const count = sources.length * each;
    if (this.#fds.length !== count) {
      this.#fds = new Int32Array(count);
      this.#lengths = new Int32Array(count);
    }
    const paths = kept ? undefined : new Array<string>(count);
    let slot = 0;
    for (const { directory, files } of sources) {
      for (const file of this.#files) {
        this.#fds[slot] = kept ? openFd(files as OpenFiles, file) : directory.anchor;
        if (paths !== undefined) paths[slot] = directory.beneath(file);
        slot += 1;
      }
    }
    this.#readSlots(sources, paths, use);
  }

  #readSlots(
    sources: readonly Source[],
    paths: readonly string[] | undefined,
    use: (moment: Moment, index: number) => void,
  ): void {
    const native = loadNative();
    const [fds, lengths, each] = [this.#fds, this.#lengths, this.#files.length];
    let done = 0;
    while (done < sources.length) {
      const first = done * each;
      const end = native.readMany({ fds, first, buffer, lengths, ...(paths !== undefined && { paths }) });
      // A cgroup of which not all was read is read again.
      const whole = each === 0 ? sources.length : Math.floor(end / each);
      if (whole === done) buffer = Buffer.allocUnsafeSlow(buffer.length * 2);
      let start = 0;
      for (; done < whole; done += 1) {
        const source = sources[done] as Source;
        const next = this.#moment.set(source.directory, lengths, done * each, start);
        use(this.#moment, done);
        start = next;
      }
    }
  }
}

/** -1 where it can't be opened: then it is read alone, which tells why. */
function openFd(files: OpenFiles, file: string): number {
  try {
    return files.fd(file);
  } catch (error) {
    if (error instanceof MemcageError) return -1;
    throw error;
  }
}

/** The texts of one cgroup in the buffer. */
class BatchMoment implements Moment {
  readonly #slots: ReadonlyMap<MemoryRole, number>;
  readonly #starts: number[] = [];
  readonly #lengths: number[] = [];
  #directory: CgroupDirectory | undefined;
  /** Whether the picker has read the `memory.stat` of this moment. */
  #picked = false;
  /** What was read alone, of this moment. */
  #alone: Map<MemoryRole, unknown> | undefined;

  constructor(
    private readonly version: CgroupVersion,
    roles: readonly MemoryRole[],
    private readonly picker: StatPicker,
  ) {
    this.#slots = new Map(roles.map((role, slot) => [role, slot]));
  }

  /** @returns where the texts of the next one start */
  set(directory: CgroupDirectory, lengths: Int32Array, first: number, start: number): number {
    this.#directory = directory;
    this.#picked = false;
    this.#alone = undefined;
    let position = start;
    for (let slot = 0; slot < this.#slots.size; slot += 1) {
      const length = lengths[first + slot] as number;
      this.#starts[slot] = position;
      this.#lengths[slot] = length;
      if (length > 0) position += length;
    }
    return position;
  }

  value<R extends MemoryRole>(role: R): MemoryRoleValue<R> | undefined {
    const slot = this.#slots.get(role) as number;
    const start = this.#starts[slot] as number;
    const length = this.#lengths[slot] as number;
    if (length < 0) return this.#readAlone(role);
    const text = buffer.toString('latin1', start, start + length);
    const value: unknown = parseMemoryFile(role, this.version, text);
    return value as MemoryRoleValue<R> | undefined;
  }

  stat(name: string): number {
    const slot = this.#slots.get('stat') as number;
    const length = this.#lengths[slot] as number;
    if (length < 0) return (this.#readAlone('stat') as FlatKeyed | undefined)?.[name] ?? 0;
    if (!this.#picked) {
      const start = this.#starts[slot] as number;
      this.picker.read(buffer, start, start + length);
      this.#picked = true;
    }
    return this.picker.value(name);
  }

  /** What was refused is asked for once more in the plain way, which tells why. */
  #readAlone<R extends MemoryRole>(role: R): MemoryRoleValue<R> | undefined {
    this.#alone ??= new Map();
    if (!this.#alone.has(role)) {
      const directory = this.#directory as CgroupDirectory;
      const value = readMemoryFile(directory, this.version, role);
      if (value === undefined && INDISPENSABLE.has(role)) throw missingFile(directory, memoryFile(role, this.version));
      this.#alone.set(role, value);
    }
    return this.#alone.get(role) as MemoryRoleValue<R> | undefined;
  }
}
