import { loadNative } from '../../common/addon/load-native';
import { MemcageError } from '../../common/errors/errors';
import type { CgroupDirectory } from '../directory/directory';
import type { OpenFiles } from '../directory/open-file';
import { missingFile } from '../directory/refused-file';
import type { CgroupVersion, FlatKeyed } from '../files/formats';
import { type MemoryRole, type MemoryRoleValue, memoryFile, parseMemoryFile } from '../files/roles';
import { StatReader } from '../files/stat-parser';
import { readMemoryFile } from '../limits/limit-files';

/** The interface files of a cgroup at one moment. Throws if they can't be read, for example because it is gone. */
export interface Moment {
  /** Undefined if this kernel has no such file. */
  value<R extends MemoryRole>(role: R): MemoryRoleValue<R> | undefined;
  /** A line of `memory.stat`; undefined if this kernel has no such line. */
  stat(name: string): number | undefined;
}

/**
 * Every cgroup with a memory controller has these, except the root of v2. Without them the values are unknown, not 0.
 */
const INDISPENSABLE: ReadonlySet<MemoryRole> = new Set(['usage', 'stat', 'events']);

/** A cgroup to read. */
export interface Source {
  directory: CgroupDirectory;
  /** The files of the cgroup that stay open; undefined if they are opened for each read. */
  files: OpenFiles | undefined;
}

// Room for some 60 cgroups, so that texts are parsed while they are in the processor's cache. One buffer for all,
// since reads are synchronous.
let buffer = Buffer.allocUnsafeSlow(64 * 1024);

/** Reads the same files of many cgroups, with a few calls of the addon. */
export class MomentReader {
  readonly #moment: BatchMoment;
  readonly #files: readonly string[];
  #fds = new Int32Array(0);
  #lengths = new Int32Array(0);

  /**
   * @param roles each role once
   * @param lines the wanted lines of `memory.stat`; if there are any, `roles` needs `stat`
   */
  constructor(version: CgroupVersion, roles: readonly MemoryRole[], lines: readonly string[]) {
    this.#files = roles.map((role) => memoryFile(role, version));
    this.#moment = new BatchMoment(version, roles, new StatReader('memory.stat', new Set(lines)));
  }

  /** `use` gets the moment of each source, in order. It is valid only during the call. */
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
      // A cgroup that was not read completely is read again.
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

/** -1 if it can't be opened. It is then read alone, which gives the reason. */
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
  /** The `memory.stat` of this moment, once it is read. */
  #stat: FlatKeyed | undefined;
  /** Values of this moment that were read alone. */
  #alone: Map<MemoryRole, unknown> | undefined;

  constructor(
    private readonly version: CgroupVersion,
    roles: readonly MemoryRole[],
    private readonly stats: StatReader,
  ) {
    this.#slots = new Map(roles.map((role, slot) => [role, slot]));
  }

  /** @returns where the texts of the next cgroup start */
  set(directory: CgroupDirectory, lengths: Int32Array, first: number, start: number): number {
    this.#directory = directory;
    this.#stat = undefined;
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

  stat(name: string): number | undefined {
    const slot = this.#slots.get('stat') as number;
    const length = this.#lengths[slot] as number;
    if (length < 0) return (this.#readAlone('stat') as FlatKeyed | undefined)?.[name];
    const start = this.#starts[slot] as number;
    this.#stat ??= this.stats.read(buffer, start, start + length);
    return this.#stat[name];
  }

  /** Reads a refused file once more in the plain way, which gives the reason. */
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
