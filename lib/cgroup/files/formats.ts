import { ErrorCode, MemcageError } from '../../common/errors/errors';

/** The memory controller's cgroup version. */
export type CgroupVersion = 1 | 2;

/** Lines of `NAME VALUE`, with the kernel's names. */
export type FlatKeyed = Record<string, number>;

/** Lines of `NAME SUB=VALUE SUB=VALUE`, with the kernel's names. */
export type NestedKeyed = Record<string, FlatKeyed>;

/** One line of a pressure file, with the kernel's names. */
export interface PressureLine {
  /** Percentage of the last 10 seconds in which tasks were stalled. */
  avg10: number;
  /** Percentage of the last 60 seconds. */
  avg60: number;
  /** Percentage of the last 300 seconds. */
  avg300: number;
  /** Microseconds in which tasks were stalled since the cgroup was made. */
  total: number;
}

/** How long tasks were stalled for lack of memory (PSI, Linux 4.20): Documentation/accounting/psi.rst. */
export interface Pressure {
  /** At least one task was stalled. */
  some: PressureLine;
  /** All tasks were stalled at the same time. */
  full: PressureLine;
}

/** `memory.oom_control` of v1: Documentation/admin-guide/cgroup-v1/memory.rst, "OOM Control". */
export interface OomControl {
  /** Processes wait at the limit instead of being killed. */
  oomKillDisable: boolean;
  /** Processes are waiting now. */
  underOom: boolean;
  /** Number of processes in this very cgroup that the OOM killer ended, without those in cgroups below it. */
  oomKills: number;
}

/** For "unlimited", v1 prints PAGE_COUNTER_MAX: LONG_MAX rounded down to pages (of up to 64 KiB). */
export const UNLIMITED_FROM = 2 ** 63 - 65536;

const DIGITS = /^\d+$/;
const DECIMAL = /^\d+(?:\.\d+)?$/;

/** Parses one number. `max` and v1's highest possible limit are `Infinity`. */
export function parseValue(text: string, file = 'a single value'): number {
  const value = toNumber(text.endsWith('\n') ? text.slice(0, -1) : text);
  if (value === null) throw kernelFormatError(file, 'a number or max', text, 1);
  return value;
}

/** Parses a file of `NAME VALUE` lines. */
export function parseFlatKeyed(text: string, file = 'a flat keyed file'): FlatKeyed {
  const entries = lines(text).map((line, index): [string, number] => {
    const [name, value, ...rest] = line.split(' ');
    const number = toNumber(value ?? '');
    if (!name || number === null || rest.length > 0) throw kernelFormatError(file, 'NAME VALUE', line, index + 1);
    return [name, number];
  });
  return fromLines(entries, text, file);
}

/** Parses a file of `NAME SUB=VALUE ...` lines. */
export function parseNestedKeyed(text: string, file = 'a nested keyed file', number = toNumber): NestedKeyed {
  const entries = lines(text).map((line, index): [string, FlatKeyed] => {
    const [name, ...pairs] = line.split(' ');
    const values = pairs.map((pair) => parsePair(pair, number));
    if (!name || name.includes('=') || values.length === 0 || !values.every((pair) => pair !== null)) {
      throw kernelFormatError(file, 'NAME SUB=VALUE', line, index + 1);
    }
    return [name, fromLine(values, line, file, index + 1)];
  });
  return fromLines(entries, text, file);
}

/** Parses v1's `memory.numa_stat`, with lines of `NAME=TOTAL N0=PAGES ...`, as `{ NAME: { total, N0 } }`. */
export function parseNumaV1(text: string, file = 'memory.numa_stat'): NestedKeyed {
  const entries = lines(text).map((line, index): [string, FlatKeyed] => {
    const [head, ...nodes] = line.split(' ').map((pair) => parsePair(pair, toNumber));
    if (!head || nodes.length === 0 || !nodes.every((node) => node !== null && /^N\d+$/.test(node[0]))) {
      throw kernelFormatError(file, 'NAME=TOTAL N0=PAGES', line, index + 1);
    }
    const [name, total] = head;
    return [name, { total, ...fromLine(nodes as [string, number][], line, file, index + 1) }];
  });
  return fromLines(entries, text, file);
}

/** Makes a record of one entry per line. */
function fromLines<T>(entries: readonly [string, T][], text: string, file: string): Record<string, T> {
  const record = Object.fromEntries(entries);
  if (Object.keys(record).length === entries.length) return record;
  const names = entries.map(([name]) => name);
  const again = names.findIndex((name, index) => names.indexOf(name) < index);
  throw kernelFormatError(file, 'each name once', lines(text)[again] ?? '', again + 1);
}

/** Makes a record of the entries of one line. */
function fromLine(entries: readonly [string, number][], line: string, file: string, number: number): FlatKeyed {
  const record = Object.fromEntries(entries);
  if (Object.keys(record).length === entries.length) return record;
  throw kernelFormatError(file, 'each name once', line, number);
}

/** `NAME=NUMBER`; null for anything else. */
function parsePair(pair: string, number: typeof toNumber): [string, number] | null {
  const equals = pair.indexOf('=');
  const value = number(pair.slice(equals + 1));
  return equals < 1 || value === null ? null : [pair.slice(0, equals), value];
}

/** Parses a pressure (PSI) file (v2, Linux 4.20). */
export function parsePressure(text: string, file = 'a pressure file'): Pressure {
  const parsed = parseNestedKeyed(text, file, toDecimal);
  const averages = (name: string): FlatKeyed & PressureLine => {
    const line = parsed[name];
    if (isPressureLine(line)) return line;
    if (line === undefined) throw missingLine(file, name, text);
    const all = lines(text);
    const index = all.findIndex((each) => each.startsWith(`${name} `));
    throw kernelFormatError(file, 'avg10, avg60, avg300 and a whole total', all[index] ?? '', index + 1);
  };
  return { ...parsed, some: averages('some'), full: averages('full') };
}

function isPressureLine(line: FlatKeyed | undefined): line is FlatKeyed & PressureLine {
  return (
    line !== undefined && 'avg10' in line && 'avg60' in line && 'avg300' in line && Number.isInteger(line['total'])
  );
}

/**
 * Parses `cgroup.procs`, `cgroup.threads` or `tasks`: one pid per line, in no order, perhaps repeated. 0 is a process
 * that can't be seen from the reader's PID namespace.
 */
export function parsePids(text: string, file = 'a list of pids'): number[] {
  return lines(text).map((line, index) => {
    if (!DIGITS.test(line)) throw kernelFormatError(file, 'one pid a line', line, index + 1);
    return Number(line);
  });
}

/** Parses v1's `memory.oom_control`. It has the count of kills since Linux 4.13. */
export function parseOomControl(text: string, file = 'memory.oom_control'): OomControl {
  const flat = parseFlatKeyed(text, file);
  const value = (name: string): number => {
    const found = flat[name];
    if (found === undefined) throw missingLine(file, name, text);
    return found;
  };
  return {
    oomKillDisable: value('oom_kill_disable') !== 0,
    underOom: value('under_oom') !== 0,
    oomKills: value('oom_kill'),
  };
}

/** Parses a list of names with spaces in between, as in `cgroup.controllers`. */
export function parseNames(text: string): string[] {
  return text.split(/\s+/).filter((name) => name !== '');
}

/**
 * The error for a text that is not what the kernel documents.
 *
 * @param line the number of the line, from 1 on
 */
export function kernelFormatError(file: string, expected: string, text: string, line: number): MemcageError {
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
  return formatError(`Expected ${expected} in ${file}, line ${line}, but the kernel wrote ${shown}`, file, line);
}

/** {@link kernelFormatError} for a line that is missing. */
function missingLine(file: string, name: string, text: string): MemcageError {
  const { length } = lines(text);
  return formatError(`Expected ${name} in ${file}, which ends after line ${length}`, file, length);
}

function formatError(message: string, path: string, line: number): MemcageError {
  return new MemcageError(ErrorCode.KERNEL_FORMAT, message, { path, line });
}

function lines(text: string): string[] {
  if (text === '') return [];
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
}

function toNumber(text: string): number | null {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  if (!DIGITS.test(text)) return null;
  const value = Number(text);
  return value >= UNLIMITED_FROM ? Number.POSITIVE_INFINITY : value;
}

function toDecimal(text: string): number | null {
  return DECIMAL.test(text) ? Number(text) : null;
}
