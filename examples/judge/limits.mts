import type { Size } from 'memcage';

/** How slow the machine is: limits of the time that a program may take are multiplied by this. */
const SLOWNESS = Number(process.env['JUDGE_SLOWNESS'] ?? 1);

/** In whole milliseconds: neither Node nor memcage takes a part of one. */
const scaled = (ms: number): number => Math.round(ms * SLOWNESS);

/** What a program may use. */
export interface Limits {
  memory: Size;
  /** Processes and threads at a time, memcage's init among them. */
  pids: number;
  /** Of the processor, by all of its processes together. */
  cpuTimeMs: number;
  /** How long it may get nowhere for want of memory. */
  stallMs: number;
  /** By the clock on the wall. */
  timeoutMs: number;
  /** What it may write to stdout, and to stderr. */
  outputBytes: number;
  /** What one file may have. */
  file: Size;
  /** What all files in /tmp may have. Without it the memory is the limit, as it is in /dev/shm. */
  room?: Size;
}

const TIMES = { cpuTimeMs: scaled(1500), stallMs: scaled(600), timeoutMs: scaled(10_000) };

export const PROGRAM: Limits = { ...TIMES, memory: '64M', pids: 10, outputBytes: 64 << 10, file: '4M', room: '8M' };
/** Node has 11 threads before it does anything. */
export const NODE_PROGRAM: Limits = { ...PROGRAM, memory: '128M', pids: 20 };
/** The output is the compiled program. Its files are in memory, which is their limit. */
export const COMPILER: Limits = {
  memory: '256M',
  pids: 16,
  outputBytes: 8 << 20,
  file: 'max',
  cpuTimeMs: scaled(2000),
  stallMs: 3000,
  timeoutMs: scaled(20_000),
};
