import {
  type FlatKeyed,
  kernelFormatError,
  type NestedKeyed,
  type OomControl,
  type Pressure,
  parseFlatKeyed,
  parseNames,
  parseNestedKeyed,
  parseNumaV1,
  parseOomControl,
  parsePids,
  parsePressure,
  parseValue,
} from './formats';

/**
 * The value that reading each format returns.
 *
 * @experimental
 */
export interface FormatValues {
  /** One number; `Infinity` for the kernel's `max`, and for v1's highest possible limit. */
  value: number;
  /** 0 or 1. */
  flag: boolean;
  /** Lines of `NAME VALUE`. */
  'flat-keyed': FlatKeyed;
  /** Lines of `NAME SUB=VALUE SUB=VALUE`. */
  'nested-keyed': NestedKeyed;
  /** `NAME=TOTAL N0=... N1=...`: `{ NAME: { total, N0, N1 } }`. */
  'numa-v1': NestedKeyed;
  /** A file of pressure stall information. */
  pressure: Pressure;
  /** `memory.oom_control` of v1. */
  'oom-control': OomControl;
  /** One id per line; 0 for a process outside the reader's PID namespace. */
  pids: number[];
  /** A list with spaces in between. */
  names: string[];
  /** One word, or one line. */
  text: string;
}

/**
 * How the kernel writes a file.
 *
 * @experimental
 */
export type FileFormat = keyof FormatValues;

/**
 * The value that each kind of file accepts.
 *
 * @experimental
 */
export interface WriteValues {
  /** Bytes, or a text as in the options: '90M', 'max'. */
  size: number | string;
  /** An integer, `Infinity` or 'max' for no limit. */
  count: number | 'max';
  /** An integer from 0 on. */
  integer: number;
  /** 1 or 0. */
  flag: boolean;
  /** Resets the count. */
  reset: 0;
  /** Triggers the action. */
  trigger: 1;
  /** A pid; 0 is the writer itself. */
  pid: number;
  /** A text, written as it is. */
  text: string;
  /** The value holds only while the file through which it was written is open: {@link Cgroup.set} can't write it. */
  held: never;
  /** The kernel acts on the value as root and outside every namespace: {@link Cgroup.set} refuses to write it. */
  unsafe: never;
}

/**
 * The kinds of files that {@link Cgroup.set} refuses to write.
 *
 * @experimental
 */
export type RefusedWrite = 'held' | 'unsafe';

/**
 * The kind of value that a file accepts.
 *
 * @experimental
 */
export type FileWrite = keyof WriteValues;

/**
 * What the kernel must have been built or started with.
 *
 * @experimental
 */
export type FileNeed = 'swap accounting' | 'CONFIG_ZSWAP' | 'CONFIG_PSI' | 'CONFIG_NUMA';

/**
 * An interface file of one cgroup version. It has `read`, `write`, or both.
 *
 * @experimental
 */
export interface InterfaceFile {
  /** The format of its text. Absent if it can't be read. */
  readonly read?: FileFormat;
  /** What it accepts. Absent if it can't be written. */
  readonly write?: FileWrite;
  /** The unit of its values; `mixed` if names differ (`memory.stat`: bytes, pages, events); absent if there is none. */
  readonly unit?: 'bytes' | 'pages' | 'events' | 'mixed';
  /** The first version of Linux that has it. */
  readonly since: string;
  /** What else the kernel must have; absent if nothing. */
  readonly needs?: FileNeed;
  /** Whether it exists only in the root of the hierarchy, or only below it. Default: everywhere. */
  readonly in?: 'root' | 'below';
  /** One line. */
  readonly meaning: string;
}

/** Makes an entry of a table, with the narrowest type. */
export function file<const F extends Omit<InterfaceFile, 'meaning'>>(traits: F, meaning: string) {
  return { ...traits, meaning };
}

const PARSERS: { [F in FileFormat]: (text: string, file: string) => FormatValues[F] } = {
  value: parseValue,
  flag: parseFlag,
  'flat-keyed': parseFlatKeyed,
  'nested-keyed': parseNestedKeyed,
  'numa-v1': parseNumaV1,
  pressure: parsePressure,
  'oom-control': parseOomControl,
  pids: parsePids,
  names: parseNames,
  text: (text) => text.trimEnd(),
};

/** Parses the text of an interface file. Throws `ERR_MEMCAGE_KERNEL_FORMAT` if it does not have that format. */
export function parseAs<F extends FileFormat>(format: F, text: string, file: string): FormatValues[F] {
  return PARSERS[format](text, file);
}

function parseFlag(text: string, file: string): boolean {
  const value = parseValue(text, file);
  if (value !== 0 && value !== 1) throw kernelFormatError(file, '0 or 1', text, 1);
  return value === 1;
}
