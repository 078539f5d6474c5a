import type { FlatKeyed, NestedKeyed, OomControl, Pressure } from './formats';

/** What a read of each format gives. */
export interface FormatValues {
  /** One number; `Infinity` where the kernel says `max`, or v1 its highest possible limit. */
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
  /** One id a line; 0 for one outside of the reader's PID namespace. */
  pids: number[];
  /** A list with blanks in between. */
  names: string[];
  /** One word, or one line. */
  text: string;
}

/** How the kernel writes a file. */
export type FileFormat = keyof FormatValues;

/** What can be written to each kind of file. */
export interface WriteValues {
  /** Bytes, or as in the options: '90M', 'max'. */
  size: number | string;
  /** An integer, `Infinity` or 'max' for no limit. */
  count: number | 'max';
  /** From 0 on. */
  integer: number;
  /** 1 or 0. */
  flag: boolean;
  /** Start the count anew. */
  reset: 0;
  /** Do it. */
  trigger: 1;
  /** 0 is the writer itself. */
  pid: number;
  /** As it is. */
  text: string;
  /** What is written holds as long as the file that it was written through is open: {@link Cgroup.set} can't. */
  held: never;
  /** What the kernel does with it is done as root and outside of every namespace: {@link Cgroup.set} doesn't write it. */
  unsafe: never;
}

/** What {@link Cgroup.set} refuses to write. */
export type RefusedWrite = 'held' | 'unsafe';

/** What a file takes. */
export type FileWrite = keyof WriteValues;

/** What a kernel must have been built or started with. */
export type FileNeed = 'swap accounting' | 'CONFIG_ZSWAP' | 'CONFIG_PSI' | 'CONFIG_NUMA';

/** An interface file of one cgroup version. At least one of `read` and `write` is there. */
export interface InterfaceFile {
  /** The format of its text. Absent: can't be read. */
  readonly read?: FileFormat;
  /** What it takes. Absent: can't be written. */
  readonly write?: FileWrite;
  /** Of its values; `mixed` where the names tell (`memory.stat`: bytes, pages, events); absent where there is none. */
  readonly unit?: 'bytes' | 'pages' | 'events' | 'mixed';
  /** The Linux that it came with. */
  readonly since: string;
  /** What the kernel must have besides; absent where nothing. */
  readonly needs?: FileNeed;
  /** Only in the root of the hierarchy, or only below it. Default: everywhere. */
  readonly in?: 'root' | 'below';
  /** One line. */
  readonly meaning: string;
}

/** An entry of a table, with the narrowest type. */
export function file<const F extends Omit<InterfaceFile, 'meaning'>>(traits: F, meaning: string) {
  return { ...traits, meaning };
}
