import { invalidArgument } from '../../common/errors/errors';
import { LEAST_PROCESSORS, MOST_PIDS, MOST_PROCESSORS, MOST_WEIGHT } from '../../common/options/limit-bounds';
import { isRecord, readOptions } from '../../common/options/option-names';
import type { ResolvedCpu } from './cage-limits';
import { formatProcessors, parseProcessors } from './processors';

const CPU_NAMES = ['max', 'weight', 'set'] as const;
/** Names that Docker, systemd and the kernel use. */
const CPU_ALIASES = {
  cpus: 'max',
  cores: 'max',
  limit: 'max',
  quota: 'max',
  shares: 'weight',
  cpuset: 'set',
  cpusetcpus: 'set',
} as const;

/** Validates the option `pids`. `Infinity` for no limit. */
export function resolvePids(given: unknown): number {
  if (given === 'max' || given === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  if (typeof given === 'number' && Number.isInteger(given) && given > 0 && given <= MOST_PIDS) return given;
  throw invalidArgument('pids', `an integer from 1 to ${MOST_PIDS}, or 'max'`, given);
}

/** Validates the option `cpu`, without looking at the machine. */
export function resolveCpu(given: unknown, of: string): ResolvedCpu {
  if (typeof given === 'number' || given === 'max') return { max: processors('cpu', given) };
  if (!isRecord(given))
    throw invalidArgument('cpu', `a number of processors, 'max' or an object of ${CPU_NAMES.join(', ')}`, given);
  const { max, weight, set } = readOptions(given, { of, within: 'cpu', known: CPU_NAMES, aliases: CPU_ALIASES });
  return {
    ...(max !== undefined && { max: processors('cpu.max', max) }),
    ...(weight !== undefined && { weight: checkWeight(weight) }),
    ...(set !== undefined && { set: checkSet(set) }),
  };
}

function processors(option: string, given: unknown): number {
  if (given === 'max' || given === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  if (typeof given === 'number' && given >= LEAST_PROCESSORS && given <= MOST_PROCESSORS) return given;
  throw invalidArgument(
    option,
    `a number of processors from ${LEAST_PROCESSORS} to ${MOST_PROCESSORS}, or 'max'`,
    given,
  );
}

function checkWeight(given: unknown): number {
  if (typeof given === 'number' && Number.isInteger(given) && given >= 1 && given <= MOST_WEIGHT) return given;
  throw invalidArgument('cpu.weight', `an integer from 1 to ${MOST_WEIGHT}`, given);
}

function checkSet(given: unknown): string {
  const set = typeof given === 'string' ? parseProcessors(given) : undefined;
  if (set !== undefined && set.length > 0) return formatProcessors(set);
  throw invalidArgument('cpu.set', "processors as in '0-2,4'", given);
}
