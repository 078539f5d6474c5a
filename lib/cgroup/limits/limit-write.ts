import type { CgroupVersion } from '../files/formats';
import { type MemoryRole, memoryFile } from '../files/roles';
import type { ResolvedLimits } from './resolve-limits';

/** One write to an interface file. */
export interface LimitWrite {
  /** Name of the file in the cgroup's directory. */
  file: string;
  value: string;
  /** The option that it comes from, for errors: `memory.max`. */
  option: string;
}

/** In bytes; `Infinity` if unlimited. `swap` is swap alone, without memory. */
export interface HardLimits {
  max: number;
  swap: number;
}

/**
 * Plans the writes that limit memory and swap, in an order that the kernel accepts.
 *
 * @param swap undefined: no change
 */
export type HardLimitsPlan = (limits: ResolvedLimits, swap: number | undefined, current: HardLimits) => LimitWrite[];

export function limitWrite(name: MemoryRole, version: CgroupVersion, value: string): LimitWrite {
  const option = `memory.${name}`;
  return { file: memoryFile(name, version, option), value, option };
}
