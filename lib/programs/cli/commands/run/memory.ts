import type { EvidenceOption } from '../../../../index';
import { type Options, section } from '../../command';
import { DIRECTORY, integer, type Kind, SIZE } from '../../kinds';

/** Of the options that are a limit of memory. */
export const MEMORY = section('Memory (SIZE: bytes, or with K, M, G, T; max for no limit)');

/** The limits of memory, as flags. */
export const MEMORY_LIMITS = {
  memory: MEMORY.valued(SIZE, 'hard limit; the kernel kills what goes beyond it', {
    short: 'm',
    sets: 'memory.max',
    otherwise: 'max',
  }),
  swap: MEMORY.valued(SIZE, 'swap on top of it', { sets: 'memory.swap', otherwise: '0' }),
  high: MEMORY.valued(SIZE, 'throttle and reclaim above it; cgroup v2', { sets: 'memory.high', otherwise: 'max' }),
  low: MEMORY.valued(SIZE, 'reclaim below it only when nothing else can be; cgroup v2', {
    sets: 'memory.low',
    otherwise: '0',
  }),
  min: MEMORY.valued(SIZE, 'never reclaim below it; cgroup v2', { sets: 'memory.min', otherwise: '0' }),
  'swap-high': MEMORY.valued(SIZE, 'throttle above this much swap; cgroup v2', {
    sets: 'memory.swapHigh',
    otherwise: 'max',
  }),
  zswap: MEMORY.valued(SIZE, 'how much of its swap may be compressed in memory; cgroup v2', {
    sets: 'memory.zswap',
    otherwise: 'max',
  }),
  soft: MEMORY.valued(SIZE, 'what the kernel pushes it back to when the machine runs short; cgroup v1', {
    sets: 'memory.soft',
    otherwise: 'max',
  }),
  swappiness: MEMORY.valued(integer(0, 200), '0 avoids swap, 100 prefers it, as does 200 since Linux 5.8; cgroup v1', {
    sets: 'memory.swappiness',
    otherwise: 'that of the cgroup above',
  }),
  'oom-group': MEMORY.flag('an OOM kill takes all processes instead of one; cgroup v2', { sets: 'memory.oomGroup' }),
  'no-oom-kill': MEMORY.flag('processes wait at the limit instead of being killed; cgroup v1', {
    sets: 'memory.oomKill',
    to: false,
  }),
} as const satisfies Options;

const PERCENT: Kind<NonNullable<EvidenceOption['at']>> = {
  value: 'PERCENT',
  takes: 'a percentage from 50% to 99%',
  suggest: ['90%', '95%'],
  read: (word) => (/^[5-9]\d%$/.test(word) ? (word as `${number}%`) : undefined),
};

/** What tells what fills the memory. */
export const EVIDENCE = {
  evidence: MEMORY.valued(DIRECTORY, 'near the limit, write to a directory below DIR what fills the memory', {
    sets: 'evidence.dir',
  }),
  'evidence-at': MEMORY.valued(PERCENT, 'how near: a part of --memory that is full', {
    sets: 'evidence.at',
    otherwise: '95%',
  }),
} as const satisfies Options;
