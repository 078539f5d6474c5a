import { invalidArgument } from '../errors/errors';
import { LEAST_PROCESSORS, MOST_WEIGHT } from '../options/limit-bounds';
import { type OciResources, RESOURCES } from './resources';
import type { Translation } from './translation';

const PATH = `${RESOURCES}.cpu`;
/** The kernel's, in microseconds. */
const DEFAULT_PERIOD_US = 100_000;
const LEAST_US = 1000;
const MOST_PERIOD_US = 1_000_000;
const LEAST_SHARES = 2;
const MOST_SHARES = 2 ** 18;

export function translateCpu(cpu: NonNullable<OciResources['cpu']>, into: Translation): void {
  const { shares, quota, period, cpus, idle } = cpu;
  // Docker writes 0 for what nobody has set.
  if (shares !== undefined && shares > 0) {
    into.set(`${PATH}.shares`, 'cpu', 'weight', into.version === 1 ? linearWeight(shares) : curvedWeight(shares));
  }
  if (period !== undefined) checkPeriod(`${PATH}.period`, period);
  if (quota !== undefined) translateQuota(`${PATH}.quota`, { quota, period }, into);
  if (cpus !== undefined) translateSet(`${PATH}.cpus`, cpus, into);
  if (idle !== undefined && idle !== 0 && idle !== 1) throw invalidArgument(`${PATH}.idle`, '0 or 1', idle);
  // Each of these changes nothing with 0 or ''.
  for (const name of ['burst', 'realtimeRuntime', 'realtimePeriod', 'mems', 'idle'] as const) {
    if (cpu[name]) into.lacks(`${PATH}.${name}`);
  }
}

/** @param quota in microseconds of each period; -1 for unlimited */
export function translateQuota(
  path: string,
  { quota, period = DEFAULT_PERIOD_US }: { quota: number; period?: number | undefined },
  into: Translation,
): void {
  if (quota === -1) {
    into.set(path, 'cpu', 'max', Number.POSITIVE_INFINITY);
    return;
  }
  if (quota < LEAST_US) throw invalidArgument(path, `at least ${LEAST_US} microseconds, or -1 for unlimited`, quota);
  const processors = quota / period;
  if (processors < LEAST_PROCESSORS) into.lacks(path, `less than ${LEAST_PROCESSORS} processors`);
  else into.set(path, 'cpu', 'max', processors);
}

export function checkPeriod(path: string, period: number): void {
  if (period >= LEAST_US && period <= MOST_PERIOD_US) return;
  throw invalidArgument(path, `from ${LEAST_US} to ${MOST_PERIOD_US} microseconds`, period);
}

/** The kernel takes an empty list for "those of the parent". */
export function translateSet(path: string, cpus: string, into: Translation): void {
  const set = cpus.trim();
  if (set !== '') into.set(path, 'cpu', 'set', set);
}

/**
 * The conversion of runc 1.3.2 and 1.4 on: a quadratic curve, in logarithms, through 2 and 1, 1024 and 100, 262144 and
 * 10000. Before, runc's was linear, with 39 for 1024.
 *
 * @see https://github.com/opencontainers/cgroups/pull/20
 */
function curvedWeight(shares: number): number {
  if (shares <= LEAST_SHARES) return 1;
  if (shares >= MOST_SHARES) return MOST_WEIGHT;
  const log = Math.log2(shares);
  return Math.ceil(10 ** ((log * log + 125 * log) / 612 - 7 / 34));
}

/** On cgroup v1 memcage makes shares of a weight again: 1024 of 100. */
function linearWeight(shares: number): number {
  return Math.min(Math.max(1, Math.round((shares * 100) / 1024)), MOST_WEIGHT);
}
