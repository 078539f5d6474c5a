import type { CpuOption, MemoryChange, MemoryLimits, PidsOption, StallOption } from '../../../types/options';
import { canLoad, loadNative } from '../../common/addon/load-native';
import { contradiction, invalidArgument } from '../../common/errors/argument-errors';
import { CURE, mention, words } from '../../common/errors/words';
import { aliasesOf } from '../../common/options/accepted-options';
import {
  checkFlag,
  checkInteger,
  LEAST_PROCESSORS,
  MOST_PIDS,
  MOST_PROCESSORS,
  MOST_SWAPPINESS,
  MOST_WEIGHT,
  millisecondsIn,
  numberIn,
} from '../../common/options/checks';
import { isRecord, readOptions } from '../../common/options/option-names';
import { checkSize } from '../../common/text/size';
import type { CageLimits, ResolvedCpu, ResolvedLimits, ResolvedStall } from './cage-limits';
import { formatProcessors, parseProcessors } from './processors';

/** The options that limit a cage. */
export interface GivenLimits {
  memory?: MemoryChange | undefined;
  pids?: PidsOption | undefined;
  cpu?: CpuOption | undefined;
  cpuTimeMs?: number | undefined;
  stall?: StallOption | undefined;
}

/** Validates the options that limit a cage. Undefined if none is given. A new cage says what its `memory.max` is. */
export function resolveCageLimits(given: GivenLimits, of: string): CageLimits | undefined {
  const limits = resolveChanges(given, of);
  if (limits !== undefined && given.memory !== undefined && limits.memory.max === undefined) {
    const [other] = Object.keys(limits.memory);
    const beside = other === undefined ? '' : ` beside ${other}`;
    throw contradiction(
      'memory.max',
      words`${mention('memory')} needs max${beside}${CURE}max: 'max' if it has no limit`,
    );
  }
  return limits;
}

/** Validates limits beside those that a cage has. Undefined if none is given. */
export function resolveChanges(given: GivenLimits, of: string): CageLimits | undefined {
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

interface ResolveOptions {
  /** The function that has the option, for errors. */
  of: string;
  /** Size of a page. Default: 4096. */
  pageBytes?: number;
}

type Parsers = {
  [K in keyof ResolvedLimits]-?: (option: string, value: unknown, pageBytes: number) => ResolvedLimits[K];
};

const PARSERS: Parsers = {
  max: size,
  swap: sizeOrNone,
  swapHigh: sizeOrNone,
  zswap: sizeOrNone,
  high: size,
  low: sizeOrNone,
  min: sizeOrNone,
  soft: size,
  swappiness,
  oomGroup: checkFlag,
  oomKill: checkFlag,
};

const MEMORY_NAMES = Object.keys(PARSERS) as (keyof MemoryLimits & keyof ResolvedLimits)[];

/** Names that Docker, systemd and the kernel use. */
const MEMORY_ALIASES = aliasesOf({
  max: ['limit', 'memory', 'memorymax'],
  soft: ['softlimit', 'reservation'],
  swap: ['memsw', 'swapmax', 'swaplimit'],
});

/**
 * Validates the option `memory`, without looking at the machine.
 *
 * @throws TypeError or RangeError with a `code`, naming the option.
 */
export function resolveLimits(option: MemoryChange, { of, pageBytes = 4096 }: ResolveOptions): ResolvedLimits {
  // A caller without TypeScript can pass anything.
  const given: unknown = option;
  if (typeof given === 'number' || typeof given === 'string') return { max: size('memory', given, pageBytes) };
  if (!isRecord(given))
    throw invalidArgument('memory', `a size such as '100M', or an object of ${MEMORY_NAMES.join(', ')}`, given);
  const limits = readOptions(given, { of, within: 'memory', known: MEMORY_NAMES, aliases: MEMORY_ALIASES });
  const entries = MEMORY_NAMES.filter((name) => name in limits).map((name) => [
    name,
    PARSERS[name](`memory.${name}`, limits[name], pageBytes),
  ]);
  return Object.fromEntries(entries) as ResolvedLimits;
}

function size(option: string, value: unknown, pageBytes: number): number {
  return checkSize(option, value, { pageBytes });
}

function sizeOrNone(option: string, value: unknown, pageBytes: number): number {
  return checkSize(option, value, { min: 0, pageBytes });
}

function swappiness(option: string, value: unknown): number {
  return checkInteger(option, value, { least: 0, most: MOST_SWAPPINESS });
}

const CPU_NAMES = ['max', 'weight', 'set'] as const;
/** Names that Docker, systemd and the kernel use. */
const CPU_ALIASES = aliasesOf({
  max: ['cpus', 'cores', 'limit', 'quota'],
  weight: ['shares'],
  set: ['cpuset', 'cpusetcpus'],
});

/** Validates the option `pids`. `Infinity` for no limit. */
export function resolvePids(given: unknown): number {
  if (given === 'max' || given === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  return checkInteger('pids', given, {
    least: 1,
    most: MOST_PIDS,
    expected: `an integer from 1 to ${MOST_PIDS}, or 'max'`,
  });
}

/** Validates the option `cpu`, without looking at the machine. */
export function resolveCpu(given: unknown, of: string): ResolvedCpu {
  if (typeof given === 'number' || given === 'max') return { max: processors('cpu', given) };
  if (!isRecord(given))
    throw invalidArgument(
      'cpu',
      `a number of processors such as 1.5, 'max', or an object of ${CPU_NAMES.join(', ')}`,
      given,
      numberIn(given),
    );
  const { max, weight, set } = readOptions(given, { of, within: 'cpu', known: CPU_NAMES, aliases: CPU_ALIASES });
  return {
    ...(max !== undefined && { max: processors('cpu.max', max) }),
    ...(weight !== undefined && { weight: checkInteger('cpu.weight', weight, { least: 1, most: MOST_WEIGHT }) }),
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
    numberIn(given),
  );
}

function checkSet(given: unknown): string {
  const set = typeof given === 'string' ? parseProcessors(given) : undefined;
  if (set !== undefined && set.length > 0) return formatProcessors(set);
  throw invalidArgument('cpu.set', "processors as in '0-2,4'", given);
}

/** The addon counts microseconds, in a number that JavaScript can hold. */
const MOST_MS = Math.floor(Number.MAX_SAFE_INTEGER / 1000);

/** Validates the option `cpuTimeMs`. */
function resolveCpuTime(given: unknown): number {
  return checkMs('cpuTimeMs', given, 1);
}

function checkMs(option: string, value: unknown, least: number): number {
  return checkInteger(option, value, {
    least,
    most: MOST_MS,
    expected: `milliseconds, an integer from ${least} to ${MOST_MS}`,
    meant: millisecondsIn,
  });
}

/** In less than this, a program that has just been starved of memory may still recover. */
const LEAST_MS = 500;

const STALL_DEFAULTS: ResolvedStall = { limitMs: 10_000, action: 'kill' };

const STALL_NAMES = ['limitMs', 'action'] as const;
/** Names that other programs have. */
const STALL_ALIASES = aliasesOf({
  limitMs: ['ms', 'timeout', 'timeoutms', 'duration'],
  action: ['kill'],
});

/**
 * Validates the option `stall`.
 *
 * @param before what holds where the option says nothing. Default: its defaults
 */
export function resolveStall(given: unknown, of: string, before = STALL_DEFAULTS): ResolvedStall {
  if (!isRecord(given))
    throw invalidArgument('stall', `an object of ${STALL_NAMES.join(', ')}, such as { limitMs: 10_000 }`, given);
  const { limitMs = before.limitMs, action = before.action } = readOptions(given, {
    of,
    within: 'stall',
    known: STALL_NAMES,
    aliases: STALL_ALIASES,
  });
  if (action !== 'kill' && action !== 'event') throw invalidArgument('stall.action', "'kill' or 'event'", action);
  return { limitMs: checkMs('stall.limitMs', limitMs, LEAST_MS), action };
}
