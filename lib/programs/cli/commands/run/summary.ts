import type { CgroupVersion } from '../../../../cgroup';
import { formatDuration } from '../../../../common/text/duration';
import { printable } from '../../../../common/text/names';
import {
  type CpuReport,
  formatSize,
  type LimitsReport,
  type MemoryReport,
  type Outcome,
  type ResourceLimits,
} from '../../../../index';
import type { Rows } from '../../chart/chart-data';
import type { Colors } from '../../text/style';

export interface RunFacts {
  /** Undefined: there was no cage. */
  version: CgroupVersion | undefined;
  /** 0: there was no sample. */
  mostProcesses: number;
}

/** How a command ended, as a sentence. */
export function endingOf({ exitCode, signal, oom, limits, stalled, nodeHeap, error }: Outcome): string {
  const status = statusOf({ exitCode, signal });
  if (oom !== null) return `${oom.message}. ${status}.`;
  if (stalled?.killed === true) return `Killed: it got nowhere because of memory. ${status}.`;
  if (limits.cpuTime?.hit === true) return `Killed: its processor time was used up. ${status}.`;
  if (nodeHeap?.exhausted === 'likely') return `Aborted, most likely at the limit of its JavaScript heap. ${status}.`;
  if (error !== null && exitCode === null && signal === null) return `Could not be started: ${error.message}.`;
  return `${status}.`;
}

/** The figures of a run, by name. A figure that the kernel does not count is left out, or says so. */
export function summaryRows(outcome: Outcome, { version, mostProcesses }: RunFacts): Rows {
  const { memory, oom, cpu, faults, durationMs } = outcome;
  const { limitBytes } = memory;
  const rows: (readonly [string, string | undefined])[] = [
    ['peak', peakOf(memory)],
    ['limit', Number.isFinite(limitBytes) ? formatSize(limitBytes) : 'none'],
    ['limit hits', limitHitsOf(outcome, version)],
    ['high', highOf(memory)],
    ['swap peak', swapOf(memory)],
    ['time', timeOf(durationMs, cpu)],
    ...limitRows(outcome.limits),
    ['page faults', faults === null ? undefined : `${counted(faults.minor)} minor, ${counted(faults.major)} major`],
    ['stalled', stallOf(memory, version)],
    ['got nowhere', nowhereOf(outcome)],
    ['OOM kills', oom?.message ?? 'none'],
    ['processes', mostProcesses === 0 ? undefined : `at least ${counted(mostProcesses)} at once`],
    ['exit status', statusOf(outcome)],
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

/** The lines for a terminal. */
export function renderSummary(file: string, rows: Rows, { bold, dim }: Colors): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `  ${dim(name.padEnd(width))}  ${value}`);
  return `${[bold(`memcage: ${printable(file)}`), ...lines].join('\n')}\n`;
}

function timeOf(durationMs: number, cpu: CpuReport | null): string {
  const time = formatDuration(durationMs);
  return cpu === null ? time : `${time} (user ${formatDuration(cpu.userMs)}, system ${formatDuration(cpu.systemMs)})`;
}

function statusOf({ exitCode, signal }: Pick<Outcome, 'exitCode' | 'signal'>): string {
  if (signal !== null) return `Ended by ${signal}`;
  return exitCode === null ? 'Not started' : `Exit code ${exitCode}`;
}

function peakOf({ peakBytes, limitBytes }: MemoryReport): string {
  if (peakBytes === null) return 'not recorded by this kernel';
  if (!Number.isFinite(limitBytes)) return formatSize(peakBytes);
  return `${formatSize(peakBytes)} (${((peakBytes / limitBytes) * 100).toFixed(1)} % of the limit)`;
}

function limitHitsOf({ memory, oom }: Outcome, version: CgroupVersion | undefined): string | undefined {
  const { details, limitBytes } = memory;
  if (details === null || !Number.isFinite(limitBytes)) return undefined;
  if (version === undefined) return 'not counted without a cgroup';
  return limitHitsText(details.limitHits, oom?.cause === 'limit');
}

/** A kernel of v1 that counts none is known to have hit no limit only where the peak stayed well below it. */
export function limitHitsText(hits: number | null, hasKilled: boolean): string {
  if (hits !== null) return counted(hits);
  return hasKilled
    ? 'at least 1; this kernel does not count them'
    : 'perhaps, as the peak was near the limit; this kernel does not count them';
}

function highOf({ details }: MemoryReport): string | undefined {
  const { highBytes, highHits } = details ?? {};
  if (highBytes === undefined || highBytes === null || !Number.isFinite(highBytes)) return undefined;
  return `${formatSize(highBytes)}${highHits === null ? '' : `, exceeded ${times(highHits ?? 0)}`}`;
}

function swapOf({ details, swapLimited }: MemoryReport): string | undefined {
  const swapPeakBytes = details?.swapPeakBytes ?? null;
  const unlimited = swapLimited ? '' : ', not limited';
  if (swapPeakBytes !== null) return `${formatSize(swapPeakBytes)}${unlimited}`;
  return swapLimited ? undefined : 'not recorded by this kernel, not limited';
}

function stallOf({ details }: MemoryReport, version: CgroupVersion | undefined): string | undefined {
  if (details === null || version === undefined) return undefined;
  if (details.pressure === null) return version === 1 ? 'not measured on cgroup v1' : 'not measured by this kernel';
  const { someMs, fullMs } = details.pressure;
  return `${formatDuration(someMs)} for want of memory, ${formatDuration(fullMs)} of it altogether`;
}

function nowhereOf({ stalled }: Pick<Outcome, 'stalled'>): string | undefined {
  if (stalled === null) return undefined;
  const { stalledMs, limitMs: ms, killed } = stalled;
  const time = `for ${formatDuration(stalledMs)}, the limit is ${formatDuration(ms)}`;
  return killed ? `${time}: killed` : time;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${counted(count)} times`;
}

function counted(count: number): string {
  return count.toLocaleString('en');
}

/** What the limits did, as rows of the summary. */
function limitRows({ pids, cpu, cpuTime }: LimitsReport): (readonly [string, string])[] {
  const rows: (readonly [string, string])[] = [];
  if (pids !== null) {
    const { limit: max, peak, limitHits: hits } = pids;
    const limit = Number.isFinite(max) ? `, the limit is ${max}` : '';
    const most = peak === null ? 'not recorded by this kernel' : `at most ${peak} at once`;
    rows.push(['pids', `${most}${limit}${hits === null ? '' : `, ${refusals(hits)}`}`]);
  }
  if (cpu !== null) {
    const { limit: max, throttledMs } = cpu;
    const limit = Number.isFinite(max) ? `limit ${max}` : 'no limit';
    rows.push(['cpu', throttledMs === null ? limit : `${limit}, waited ${(throttledMs / 1000).toFixed(2)} s for it`]);
  }
  if (cpuTime !== null) {
    const { usedMs, limitMs, hit } = cpuTime;
    const use = `${formatDuration(usedMs)}, the limit is ${formatDuration(limitMs)}`;
    rows.push(['cpu time', hit ? `${use}: killed` : use]);
  }
  return rows;
}

/** What the kernel says by a signal that nothing else in it sends. */
const AT_RLIMIT = {
  SIGXCPU: 'the processor time of one process (--rlimit cpu)',
  SIGXFSZ: 'the size of a file (--rlimit fsize)',
} as const;

/** What a person should know even without the summary. */
export function limitNotes(outcome: Outcome, rlimits: ResourceLimits = {}): string[] {
  const { limits, stalled, signal } = outcome;
  const { pids, cpuTime } = limits;
  const notes: string[] = [];
  const hits = pids?.limitHits ?? 0;
  if (pids !== null && hits > 0) notes.push(`${refusals(hits)} at the limit of ${pids.limit} (--pids)`);
  // A command may end by itself in the moment in which it reaches the limit.
  if (cpuTime?.hit === true && signal !== null) {
    notes.push(`killed at its limit of ${formatDuration(cpuTime.limitMs)} of processor time (--cpu-time)`);
  }
  if ((signal === 'SIGXCPU' || signal === 'SIGXFSZ') && cpuTime?.hit !== true) {
    notes.push(`ended by ${signal}, at its limit of ${AT_RLIMIT[signal]}`);
  }
  if (isLikelySpent(outcome, rlimits)) notes.push(`killed, perhaps at its limit of ${AT_RLIMIT.SIGXCPU}`);
  if (stalled !== null) {
    const { stalledMs, limitMs: ms, killed } = stalled;
    const did = killed && signal !== null ? 'killed: it' : 'it';
    const limit = `--stall allows ${formatDuration(ms)}`;
    notes.push(`${did} had got nowhere for ${formatDuration(stalledMs)} because of memory, and ${limit}`);
  }
  return notes;
}

/** RLIMIT_CPU counts ticks, the outcome the time itself: on a busy virtual machine 1000 ms of ticks were less than 700 ms (Linux 6.18). */
const LEAST_OF_TICKS = 1 / 3;

/** Whether it may have been killed at a hard RLIMIT_CPU, of which the kernel says no more than SIGKILL. */
function isLikelySpent({ signal, oom, stalled, limits, cpu }: Outcome, { cpu: limit }: ResourceLimits): boolean {
  if (signal !== 'SIGKILL' || oom !== null || stalled?.killed === true || limits.cpuTime?.hit === true) return false;
  const seconds = typeof limit === 'object' ? limit.hard : limit;
  if (typeof seconds !== 'number' || cpu === null) return false;
  return cpu.userMs + cpu.systemMs >= LEAST_OF_TICKS * 1000 * Math.max(1, seconds);
}

function refusals(hits: number): string {
  return hits === 1 ? '1 fork was refused' : `${hits} forks were refused`;
}
