import {
  type CageLimitOptions,
  type CpuLimits,
  checkCageOptions,
  type LimitsReport,
  type Outcome,
  type StallOption,
} from '../../../../index';
import type { Option, Values } from '../../command';
import { asUsage } from '../../limit-options';
import { formatDuration } from '../../text/duration';
import { parseDuration } from '../../text/parse-duration';

const SECTION = 'Processes and processor';

/** Limits of the cage beside memory. */
export const LIMITS = {
  pids: {
    type: 'string',
    value: 'N',
    help: 'how many processes and threads may be there at a time; max only counts them',
    section: SECTION,
    suggest: ['max'],
  },
  cpu: {
    type: 'string',
    value: 'N',
    help: 'how many processors it may use, as in 1.5; max only measures',
    section: SECTION,
  },
  'cpu-weight': {
    type: 'string',
    value: 'N',
    help: '1 to 10000: its part where processors are short (default 100)',
    section: SECTION,
  },
  'cpu-set': {
    type: 'string',
    value: 'LIST',
    help: 'the processors on which it may run, as in 0-2,4',
    section: SECTION,
  },
  'cpu-time': {
    type: 'string',
    value: 'TIME',
    help: 'processor time of all its processes together; memcage kills them then: 5s, 500ms, 2m, 1h, or seconds',
    section: SECTION,
  },
  stall: {
    type: 'string',
    value: 'TIME[:event]',
    help: 'how long it may get nowhere because of memory; memcage kills it then, or only tells with :event; 500ms or more',
    section: SECTION,
    suggest: ['10s', '10s:event'],
  },
} as const satisfies Record<string, Option>;

export function limitsOf(values: Values<typeof LIMITS>): CageLimitOptions {
  const { pids, cpu, 'cpu-weight': weight, 'cpu-set': set, 'cpu-time': cpuTime, stall } = values;
  if (pids !== undefined) {
    const wrong = `--pids is an integer from 1 on, or max, not '${pids}'`;
    asUsage(() => checkCageOptions({ pids: countOf(pids) }), wrong);
  }
  if (cpu !== undefined) {
    const wrong = `--cpu is a number of processors from 0.01 on, as in 1.5, or max, not '${cpu}'`;
    asUsage(() => checkCageOptions({ cpu: countOf(cpu) }), wrong);
  }
  if (weight !== undefined) {
    const wrong = `--cpu-weight is an integer from 1 to 10000, not '${weight}'`;
    asUsage(() => checkCageOptions({ cpu: { weight: numberOf(weight) } }), wrong);
  }
  if (set !== undefined) {
    const wrong = `--cpu-set is a list of processors as in 0-2,4, not '${set}'`;
    asUsage(() => checkCageOptions({ cpu: { set } }), wrong);
  }
  if (cpuTime !== undefined) {
    const wrong = `--cpu-time is a time of at least 1ms, as in 5s, 500ms, 2m or 1h, not '${cpuTime}'`;
    asUsage(() => checkCageOptions({ cpuTimeMs: parseDuration(cpuTime) }), wrong);
  }
  if (stall !== undefined) {
    const wrong = `--stall is a time of at least 500ms, as in 10s or 2m, or one with :event, as in 10s:event, not '${stall}'`;
    asUsage(() => checkCageOptions({ stall: stallOf(stall) }), wrong);
  }
  const limits: CpuLimits = {
    ...(cpu !== undefined && { max: countOf(cpu) }),
    ...(weight !== undefined && { weight: numberOf(weight) }),
    ...(set !== undefined && { set }),
  };
  return {
    ...(pids !== undefined && { pids: countOf(pids) }),
    ...(Object.keys(limits).length > 0 && { cpu: limits }),
    ...(cpuTime !== undefined && { cpuTimeMs: parseDuration(cpuTime) }),
    ...(stall !== undefined && { stall: stallOf(stall) }),
  };
}

const ONLY_TELLS = ':event';

function stallOf(text: string): StallOption {
  const isTold = text.endsWith(ONLY_TELLS);
  const ms = parseDuration(isTold ? text.slice(0, -ONLY_TELLS.length) : text);
  return { ms, action: isTold ? 'event' : 'kill' };
}

/** What the limits did, as rows of the summary. */
export function limitRows({ pids, cpu, cpuTime }: LimitsReport): (readonly [string, string])[] {
  const rows: (readonly [string, string])[] = [];
  if (pids !== undefined) {
    const { max, peak, hits } = pids;
    const limit = Number.isFinite(max) ? `, the limit is ${max}` : '';
    const most = peak === null ? 'not recorded by this kernel' : `at most ${peak} at once`;
    rows.push(['pids', `${most}${limit}${hits === null ? '' : `, ${refusals(hits)}`}`]);
  }
  if (cpu !== undefined) {
    const { max, throttledMs } = cpu;
    const limit = Number.isFinite(max) ? `limit ${max}` : 'no limit';
    rows.push(['cpu', throttledMs === null ? limit : `${limit}, waited ${(throttledMs / 1000).toFixed(2)} s for it`]);
  }
  if (cpuTime !== undefined) {
    const { usedMs, limitMs, hit } = cpuTime;
    const use = `${formatDuration(usedMs)}, the limit is ${formatDuration(limitMs)}`;
    rows.push(['cpu time', hit ? `${use}: killed` : use]);
  }
  return rows;
}

/** What a person should know even without the summary. */
export function limitNotes({ limits, stalled, signal }: Pick<Outcome, 'limits' | 'stalled' | 'signal'>): string[] {
  const { pids, cpuTime } = limits;
  const notes: string[] = [];
  const hits = pids?.hits ?? 0;
  if (pids !== undefined && hits > 0) notes.push(`${refusals(hits)} at the limit of ${pids.max} (--pids)`);
  // A command may end by itself in the moment in which it reaches the limit.
  if (cpuTime?.hit === true && signal !== null) {
    notes.push(`killed at its limit of ${formatDuration(cpuTime.limitMs)} of processor time (--cpu-time)`);
  }
  if (stalled !== null) {
    const { stalledMs, ms, killed } = stalled;
    const did = killed && signal !== null ? 'killed: it' : 'it';
    const limit = `--stall allows ${formatDuration(ms)}`;
    notes.push(`${did} had got nowhere for ${formatDuration(stalledMs)} because of memory, and ${limit}`);
  }
  return notes;
}

function refusals(hits: number): string {
  return hits === 1 ? '1 fork was refused' : `${hits} forks were refused`;
}

function countOf(text: string): number | 'max' {
  return text === 'max' ? text : numberOf(text);
}

/** NaN if it is not written in digits. */
function numberOf(text: string): number {
  return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}
