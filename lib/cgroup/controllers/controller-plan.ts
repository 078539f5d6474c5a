import type { CgroupVersion } from '../files/formats';
import type { ControllerLimits, ResolvedCpu } from '../limits/cage-limits';
import type { ControllerName } from './controller-name';

/** One write to an interface file of a controller. */
export interface ControllerWrite {
  controller: ControllerName;
  file: string;
  value: string;
  /** The option that it comes from, for errors: `cpu.max`. */
  option: string;
}

/** The kernel's default, which v1 keeps in a file of its own. */
const PERIOD_US = 100_000;
/** What v1's `cpu.shares` has where v2's `cpu.weight` has 100. */
const DEFAULT_SHARES = 1024;
const DEFAULT_WEIGHT = 100;

/** Plans the writes for the limits beside memory. Each is for itself, so their order is of no account. */
export function planControllers({ pids, cpu }: ControllerLimits, version: CgroupVersion): ControllerWrite[] {
  const writes: ControllerWrite[] = [];
  if (pids !== undefined) writes.push({ controller: 'pids', file: 'pids.max', value: count(pids), option: 'pids' });
  if (cpu !== undefined) writes.push(...(version === 1 ? planCpuV1(cpu) : planCpuV2(cpu)));
  return writes;
}

function planCpuV1({ max, weight, set }: ResolvedCpu): ControllerWrite[] {
  return present([
    ['cpu', 'cpu.cfs_quota_us', max === undefined ? undefined : quota(max, '-1'), 'cpu.max'],
    ['cpu', 'cpu.shares', weight === undefined ? undefined : shares(weight), 'cpu.weight'],
    ['cpuset', 'cpuset.cpus', set, 'cpu.set'],
  ]);
}

function planCpuV2({ max, weight, set }: ResolvedCpu): ControllerWrite[] {
  return present([
    ['cpu', 'cpu.max', max === undefined ? undefined : `${quota(max, 'max')} ${PERIOD_US}`, 'cpu.max'],
    ['cpu', 'cpu.weight', weight === undefined ? undefined : String(weight), 'cpu.weight'],
    ['cpuset', 'cpuset.cpus', set, 'cpu.set'],
  ]);
}

type ControllerRow = readonly [controller: ControllerName, file: string, value: string | undefined, option: string];

function present(rows: readonly ControllerRow[]): ControllerWrite[] {
  return rows.flatMap(([controller, file, value, option]) =>
    value === undefined ? [] : [{ controller, file, value, option }],
  );
}

function count(pids: number): string {
  return pids === Number.POSITIVE_INFINITY ? 'max' : String(pids);
}

function quota(processors: number, unlimited: string): string {
  return processors === Number.POSITIVE_INFINITY ? unlimited : String(Math.round(processors * PERIOD_US));
}

/** The weight of v2 as v1's shares, converted as systemd does it. The kernel takes 2 to 262144. */
function shares(weight: number): string {
  return String(Math.max(2, Math.round((weight * DEFAULT_SHARES) / DEFAULT_WEIGHT)));
}
