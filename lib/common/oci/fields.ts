import { invalidArgument } from '../errors/argument-errors';
import { LEAST_PROCESSORS, MOST_PIDS, MOST_WEIGHT } from '../options/checks';
import { keyPath, type OciResources, RESOURCES_PATH } from './resources';
import type { Translation } from './translation';

const MEMORY = `${RESOURCES_PATH}.memory`;
const PAGE_BYTES = 4096;
/** What cgroup v1 shows for "unlimited": the highest number of pages, of 4 KiB or up to 64 KiB. */
const UNLIMITED_V1 = 2 ** 63 - 65_536;
const MOST_SWAPPINESS = 100;

type OciMemory = NonNullable<OciResources['memory']>;

export function translateMemory(memory: OciMemory, into: Translation): void {
  const { limit, reservation, swappiness, disableOOMKiller, useHierarchy } = memory;
  if (limit !== undefined) into.set(`${MEMORY}.limit`, 'memory', 'max', checkBytes(`${MEMORY}.limit`, limit));
  if (reservation !== undefined) {
    const path = `${MEMORY}.reservation`;
    into.set(path, 'memory', into.version === 1 ? 'soft' : 'low', checkBytes(path, reservation));
  }
  translateSwap(memory, into);
  for (const name of ['kernel', 'kernelTCP'] as const) {
    const bytes = memory[name];
    if (bytes !== undefined && checkBytes(`${MEMORY}.${name}`, bytes) !== 'max') into.lacks(`${MEMORY}.${name}`);
  }
  if (swappiness !== undefined) translateSwappiness(swappiness, into);
  if (disableOOMKiller !== undefined) translateOomKiller(disableOOMKiller, into);
  // memcage counts what is below a cgroup always, and a new cage uses nothing yet: there is nothing to check before.
  if (useHierarchy === false) into.lacks(`${MEMORY}.useHierarchy`);
}

/**
 * Checks a size for which the kernel takes at least a page, or 0 if `zero` is true. `'max'` for one that limits nothing.
 */
export function checkBytes(path: string, bytes: number, { zero = false } = {}): number | 'max' {
  if (bytes === -1 || bytes >= UNLIMITED_V1) return 'max';
  if (Number.isSafeInteger(bytes) && bytes >= PAGE_BYTES) return bytes;
  if (zero && bytes === 0) return 0;
  throw invalidArgument(path, `at least a page of memory (${PAGE_BYTES} bytes), or -1 for unlimited`, bytes);
}

/** The specification's limit is of memory and swap together, memcage's of swap alone. */
function translateSwap({ limit, swap }: OciMemory, into: Translation): void {
  if (swap === undefined) return;
  const path = `${MEMORY}.swap`;
  const total = checkBytes(path, swap);
  if (total === 'max') {
    // v1 can't limit swap alone, and what has no limit there swaps without one.
    if (limit !== undefined || into.version === 2) into.set(path, 'memory', 'swap', 'max');
    return;
  }
  const max = limit === undefined ? 'max' : checkBytes(`${MEMORY}.limit`, limit);
  if (max === 'max' || max > total) {
    throw invalidArgument(path, `the limit of memory and swap together, at least that of ${MEMORY}.limit`, swap);
  }
  const alone = total - max;
  // The kernel rounds down to whole pages.
  into.set(path, 'memory', 'swap', alone < PAGE_BYTES ? 0 : alone);
}

function translateSwappiness(swappiness: number, into: Translation): void {
  const path = `${MEMORY}.swappiness`;
  if (swappiness > MOST_SWAPPINESS) throw invalidArgument(path, `an integer from 0 to ${MOST_SWAPPINESS}`, swappiness);
  if (into.version === 1) into.set(path, 'memory', 'swappiness', swappiness);
  else into.lacks(path, 'cgroup v1 only');
}

function translateOomKiller(isDisabled: boolean, into: Translation): void {
  const path = `${MEMORY}.disableOOMKiller`;
  if (into.version === 1) into.set(path, 'memory', 'oomKill', !isDisabled);
  else if (isDisabled) into.lacks(path, 'cgroup v1 only');
}

const CPU = `${RESOURCES_PATH}.cpu`;
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
    into.set(`${CPU}.shares`, 'cpu', 'weight', into.version === 1 ? linearWeight(shares) : curvedWeight(shares));
  }
  if (period !== undefined) checkPeriod(`${CPU}.period`, period);
  if (quota !== undefined) translateQuota(`${CPU}.quota`, { quota, period }, into);
  if (cpus !== undefined) translateSet(`${CPU}.cpus`, cpus, into);
  if (idle !== undefined && idle !== 0 && idle !== 1) throw invalidArgument(`${CPU}.idle`, '0 or 1', idle);
  // Each of these changes nothing with 0 or ''.
  for (const name of ['burst', 'realtimeRuntime', 'realtimePeriod', 'mems', 'idle'] as const) {
    if (cpu[name]) into.lacks(`${CPU}.${name}`);
  }
}

/** @param quota in microseconds of each period; -1 for unlimited */
export function translateQuota(
  path: string,
  { quota, period = DEFAULT_PERIOD_US }: { quota: number; period?: number | undefined },
  into: Translation,
): void {
  if (quota === -1) {
    into.set(path, 'cpu', 'max', 'max');
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

/** @param limit -1 for unlimited */
export function translatePids(path: string, limit: number, into: Translation): void {
  if (limit === -1) into.set(path, 'pids', 'max', 'max');
  else if (limit === 0) into.lacks(path, 'with 0 no child can start');
  else if (limit > 0 && limit <= MOST_PIDS) into.set(path, 'pids', 'max', limit);
  else throw invalidArgument(path, `an integer from 0 to ${MOST_PIDS}, or -1 for unlimited`, limit);
}

/**
 * Notes the resources for which memcage has no limit at all. `devices` is none of them: which device a program may use
 * is no amount, and as with mounts and seccomp it takes a container to hold it.
 */
export function noteUnheld({ blockIO, network, hugepageLimits, rdma }: OciResources, into: Translation): void {
  for (const [group, fields] of Object.entries({ blockIO, network })) {
    for (const [name, value] of Object.entries(fields ?? {})) {
      // Docker writes 0 for a weight that nobody has set, and 0 is also the class of all packets that have none.
      if (Array.isArray(value) ? value.length > 0 : value !== 0) into.lacks(`${RESOURCES_PATH}.${group}.${name}`);
    }
  }
  if (hugepageLimits !== undefined && hugepageLimits.length > 0) into.lacks(`${RESOURCES_PATH}.hugepageLimits`);
  for (const device of rdma?.keys() ?? []) into.lacks(keyPath(`${RESOURCES_PATH}.rdma`, device));
}
