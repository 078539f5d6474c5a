import type { CgroupVersion } from '../files/formats';
import { type MemoryRole, memoryFile } from '../files/roles';
import type { ResolvedLimits } from './resolve-limits';

/** One write to an interface file. */
export interface LimitWrite {
  /** Name of the file in the cgroup's directory. */
  file: string;
  value: string;
  /** The option it came from, for errors: `memory.max`. */
  option: string;
}

/** Bytes, `Infinity` when unlimited; `swap` is swap alone. */
export interface HardLimits {
  max: number;
  swap: number;
}

/** The writes that limit memory and swap, in an order that the kernel takes. @param swap undefined: leave it as it is */
export type HardLimitsPlan = (limits: ResolvedLimits, swap: number | undefined, current: HardLimits) => LimitWrite[];

export function limitWrite(name: MemoryRole, version: CgroupVersion, value: string): LimitWrite {
  const option = `memory.${name}`;
  return { file: memoryFile(name, version, option), value, option };
}
