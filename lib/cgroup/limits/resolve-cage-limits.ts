import type { CpuOption, MemoryOption, PidsOption, StallOption } from '../../../types/options';
import { canLoad, loadNative } from '../../common/addon/load-native';
import type { CageLimits } from './cage-limits';
import { resolveCpuTime } from './resolve-cpu-time';
import { resolveLimits } from './resolve-limits';
import { resolveCpu, resolvePids } from './resolve-pids-and-cpu';
import { resolveStall } from './resolve-stall';

/** The options that limit a cage. */
export interface GivenLimits {
  memory?: MemoryOption | undefined;
  pids?: PidsOption | undefined;
  cpu?: CpuOption | undefined;
  cpuTimeMs?: number | undefined;
  stall?: StallOption | undefined;
}

/** Validates the options that limit a cage. Undefined if none is given. */
export function resolveCageLimits(given: GivenLimits, of: string): CageLimits | undefined {
  const { memory, pids, cpu, cpuTimeMs, stall } = given;
  if ([memory, pids, cpu, cpuTimeMs, stall].every((limit) => limit === undefined)) return undefined;
  const pageBytes = canLoad() ? { pageBytes: loadNative().constants.pageSize } : {};
  return {
    memory: memory === undefined ? {} : resolveLimits(memory, { of, ...pageBytes }),
    ...(pids !== undefined && { pids: resolvePids(pids) }),
    ...(cpu !== undefined && { cpu: resolveCpu(cpu, of) }),
    ...(cpuTimeMs !== undefined && { cpuTimeMs: resolveCpuTime(cpuTimeMs) }),
    ...(stall !== undefined && { stall: resolveStall(stall, of) }),
  };
}
