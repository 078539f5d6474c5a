import { ErrorCode, MemcageError } from '../errors';
import {
  type CgroupVersion,
  type FlatKeyed,
  type OomControl,
  type Pressure,
  parseFlatKeyed,
  parseOomControl,
  parsePressure,
  parseValue,
} from './formats';

/** What a read of each format gives. `none`: the file is only written. */
interface FormatValues {
  value: number;
  'flat-keyed': FlatKeyed;
  pressure: Pressure;
  'oom-control': OomControl;
  none: never;
}

/** How the kernel writes a file. */
type FileFormat = keyof FormatValues;

/** A memory interface file of one cgroup version. */
export interface InterfaceFile {
  file: string;
  format: FileFormat;
  /** Unit of its values; `mixed` where the names tell (`memory.stat`: bytes, pages, events). */
  unit: 'bytes' | 'count' | 'flag' | 'ratio' | 'mixed';
  access: 'read' | 'write' | 'read-write';
  /** The Linux that it came with. */
  since: string;
}

interface VersionedFile {
  v1?: InterfaceFile;
  v2?: InterfaceFile;
}

/**
 * The memory interface files, by what they are for.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 * @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
 */
export const MEMORY_FILES = {
  /** Hard limit. */
  max: {
    v1: value('memory.limit_in_bytes', 'bytes', 'read-write', '2.6.25'),
    v2: value('memory.max', 'bytes', 'read-write', '4.5'),
  },
  /** Limit of memory and swap together. */
  memsw: { v1: value('memory.memsw.limit_in_bytes', 'bytes', 'read-write', '2.6.29') },
  /** Limit of swap alone. */
  swap: { v2: value('memory.swap.max', 'bytes', 'read-write', '4.5') },
  high: { v2: value('memory.high', 'bytes', 'read-write', '4.5') },
  low: { v2: value('memory.low', 'bytes', 'read-write', '4.5') },
  min: { v2: value('memory.min', 'bytes', 'read-write', '4.18') },
  soft: { v1: value('memory.soft_limit_in_bytes', 'bytes', 'read-write', '2.6.32') },
  swappiness: { v1: value('memory.swappiness', 'ratio', 'read-write', '2.6.29') },
  oomGroup: { v2: value('memory.oom.group', 'flag', 'read-write', '4.19') },
  /** Written: 1 turns the OOM killer off. Read: the count of kills too (4.13). */
  oomKill: {
    v1: { file: 'memory.oom_control', format: 'oom-control', unit: 'mixed', access: 'read-write', since: '2.6.35' },
  },
  usage: {
    v1: value('memory.usage_in_bytes', 'bytes', 'read', '2.6.25'),
    v2: value('memory.current', 'bytes', 'read', '4.5'),
  },
  /** Written: starts anew (v1: any number, for everyone; v2: Linux 6.12, for the writer's open file). */
  peak: {
    v1: value('memory.max_usage_in_bytes', 'bytes', 'read-write', '2.6.26'),
    v2: value('memory.peak', 'bytes', 'read-write', '5.19'),
  },
  /** Use of memory and swap together. */
  memswUsage: { v1: value('memory.memsw.usage_in_bytes', 'bytes', 'read', '2.6.29') },
  memswPeak: { v1: value('memory.memsw.max_usage_in_bytes', 'bytes', 'read-write', '2.6.29') },
  swapUsage: { v2: value('memory.swap.current', 'bytes', 'read', '4.5') },
  swapPeak: { v2: value('memory.swap.peak', 'bytes', 'read-write', '6.5') },
  /** How often the limit was hit; stays 0 when memsw equals the limit. v2: `max` in `events`. */
  failcnt: { v1: value('memory.failcnt', 'count', 'read-write', '2.6.25') },
  memswFailcnt: { v1: value('memory.memsw.failcnt', 'count', 'read-write', '2.6.29') },
  stat: {
    v1: flatKeyed('memory.stat', 'mixed', '2.6.25'),
    v2: flatKeyed('memory.stat', 'mixed', '4.5'),
  },
  /** Of the cgroup and all below it. */
  events: { v2: flatKeyed('memory.events', 'count', '4.5') },
  eventsLocal: { v2: flatKeyed('memory.events.local', 'count', '5.2') },
  swapEvents: { v2: flatKeyed('memory.swap.events', 'count', '4.18') },
  pressure: {
    v2: { file: 'memory.pressure', format: 'pressure', unit: 'mixed', access: 'read-write', since: '4.20' },
  },
  /** Written: how much to take back. */
  reclaim: { v2: { file: 'memory.reclaim', format: 'none', unit: 'bytes', access: 'write', since: '5.19' } },
  /** Written: take back all that can be. */
  forceEmpty: { v1: { file: 'memory.force_empty', format: 'none', unit: 'flag', access: 'write', since: '2.6.25' } },
} as const satisfies Record<string, VersionedFile>;

type Files = typeof MEMORY_FILES;

/** What a memory interface file is for; see {@link MEMORY_FILES}. */
export type MemoryFile = keyof Files;

type FormatOf<F> = F extends { format: infer K extends FileFormat } ? K : never;

/** What reading that file gives, whatever the version. */
export type MemoryFileValue<M extends MemoryFile> = FormatValues[FormatOf<Files[M][keyof Files[M]]>];

/**
 * The file on one cgroup version.
 *
 * @param option Name for the error, the option that asked for the file. Default: its name.
 * @throws MemcageError `ERR_MEMCAGE_NOT_IN_VERSION`, saying which version has it.
 */
export function memoryFile(name: MemoryFile, version: CgroupVersion, option: string = name): InterfaceFile {
  const { v1, v2 }: VersionedFile = MEMORY_FILES[name];
  const [file, other] = version === 1 ? [v1, v2] : [v2, v1];
  if (file !== undefined) return file;
  const elsewhere = version === 1 ? 2 : 1;
  throw new MemcageError(
    ErrorCode.NOT_IN_VERSION,
    `${option} needs cgroup v${elsewhere} (${other?.file}), but memory is on cgroup v${version} here`,
  );
}

const PARSERS: { [F in FileFormat]: (text: string, file: string) => FormatValues[F] } = {
  value: parseValue,
  'flat-keyed': parseFlatKeyed,
  pressure: parsePressure,
  'oom-control': parseOomControl,
  none: (_, file) => {
    throw new MemcageError(ErrorCode.UNSUPPORTED, `${file} can only be written`);
  },
};

/** Text of a memory interface file as a value. */
export function parseMemoryFile<M extends MemoryFile>(
  name: M,
  version: CgroupVersion,
  text: string,
): MemoryFileValue<M> {
  const { format, file } = memoryFile(name, version);
  // The table ties the name to the format, and PARSERS the format to the value.
  return PARSERS[format](text, file) as MemoryFileValue<M>;
}

function value<F extends string>(file: F, unit: InterfaceFile['unit'], access: InterfaceFile['access'], since: string) {
  return { file, format: 'value', unit, access, since } as const;
}

function flatKeyed<F extends string>(file: F, unit: InterfaceFile['unit'], since: string) {
  return { file, format: 'flat-keyed', unit, access: 'read', since } as const;
}
