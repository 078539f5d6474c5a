import { invalidArgument } from '../../common/errors/argument-errors';
import type { StdioEntry, StreamHandle } from '../stdio';
import { refuseChannel } from './spawn-request';

/** The parent's end of a pipe, until a stream is made of it. */
export interface PipeEnd extends StreamHandle {
  /** -1: not opened, or closed. */
  fd: number;
}

/** Reads the option `stdio` as getValidStdio in Node's lib/internal/child_process.js does. */
export function stdioEntries(option: unknown, makeEnd: () => PipeEnd): StdioEntry[] {
  const list = Array.isArray(option) ? [...(option as unknown[])] : listOf(option);
  while (list.length < 3) list.push(undefined);
  return list.map((each, index) => entryOf(each ?? (index < 3 ? 'pipe' : 'ignore'), index, makeEnd));
}

function listOf(option: unknown): unknown[] {
  switch (option) {
    case undefined:
    case null:
    case 'pipe':
    case 'overlapped':
    case 'ignore':
    case 'inherit':
      return [option, option, option];
    default:
      throw invalidArgument('stdio', "'pipe', 'ignore', 'inherit' or an array", option);
  }
}

function entryOf(given: unknown, index: number, makeEnd: () => PipeEnd): StdioEntry {
  if (given === 'ipc') refuseChannel();
  if (given === 'ignore') return { type: 'ignore' };
  if (given === 'pipe' || given === 'overlapped') return { type: 'pipe', handle: makeEnd() };
  if (given === 'inherit') return { type: 'inherit', fd: index };
  const fd = typeof given === 'number' ? given : fdOf(given);
  if (fd === undefined || !(fd >= 0)) {
    throw invalidArgument(`stdio[${index}]`, "'pipe', 'ignore', 'inherit', an fd, or a stream that has one", given);
  }
  return { type: 'fd', fd };
}

/** Of a stream of files, a file handle, or a socket. */
function fdOf(stream: unknown): number | undefined {
  if (typeof stream !== 'object' || stream === null) return undefined;
  const { fd, _handle: handle } = stream as { fd?: unknown; _handle?: { fd?: unknown } | null };
  const own = fd ?? handle?.fd;
  return typeof own === 'number' ? own : undefined;
}
