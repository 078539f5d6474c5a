import type { Rlimit } from '../../../types/native';
import type { ResourceLimits } from '../../../types/options';
import { invalidArgument } from '../../common/errors/argument-errors';
import { mention, words } from '../../common/errors/words';
import { readIfAllowed } from '../../common/machine/proc';
import { aliasesOf } from '../../common/options/accepted-options';
import { isRecord, readOptions } from '../../common/options/option-names';
import { checkSize } from '../../common/text/size';

/** A limit of getrlimit(2), in lower case and without RLIMIT_. */
export type ResourceName = keyof ResourceLimits;

/** Both limits of a resource, `Infinity` for none. */
type SoftAndHard = Pick<Rlimit, 'soft' | 'hard'>;

export type Rlimits = Readonly<Partial<Record<ResourceName, SoftAndHard>>>;

/** How each limit is counted, and what /proc/PID/limits calls it. */
export const RESOURCES = {
  as: { inBytes: true, title: 'Max address space' },
  core: { inBytes: true, title: 'Max core file size' },
  cpu: { inBytes: false, title: 'Max cpu time' },
  data: { inBytes: true, title: 'Max data size' },
  fsize: { inBytes: true, title: 'Max file size' },
  locks: { inBytes: false, title: 'Max file locks' },
  memlock: { inBytes: true, title: 'Max locked memory' },
  msgqueue: { inBytes: true, title: 'Max msgqueue size' },
  nice: { inBytes: false, title: 'Max nice priority' },
  nofile: { inBytes: false, title: 'Max open files' },
  nproc: { inBytes: false, title: 'Max processes' },
  rss: { inBytes: true, title: 'Max resident set' },
  rtprio: { inBytes: false, title: 'Max realtime priority' },
  rttime: { inBytes: false, title: 'Max realtime timeout' },
  sigpending: { inBytes: false, title: 'Max pending signals' },
  stack: { inBytes: true, title: 'Max stack size' },
} as const satisfies Record<ResourceName, { inBytes: boolean; title: string }>;

const NAMES = Object.keys(RESOURCES) as ResourceName[];

/** Names in ulimit(1), systemd.exec(5) and elsewhere. */
const ALIASES = aliasesOf({
  nofile: ['files', 'openfiles', 'fds'],
  nproc: ['processes', 'maxproc'],
  fsize: ['filesize'],
  core: ['coredump'],
  cpu: ['cputime', 'cpuseconds'],
  as: ['addressspace', 'vmem', 'memory'],
});

/** Validates the option `rlimits` of a function. */
export function resolveRlimits(option: unknown, of: string): Rlimits {
  if (option === undefined) return {};
  if (!isRecord(option)) throw invalidArgument('rlimits', 'an object of limits such as { nofile: 64 }', option);
  const given = readOptions(option, { of, within: 'rlimits', known: NAMES, aliases: ALIASES });
  const rlimits: Partial<Record<ResourceName, SoftAndHard>> = {};
  for (const name of NAMES) if (name in given) rlimits[name] = toRlimit(name, given[name], of);
  return rlimits;
}

function toRlimit(name: ResourceName, option: unknown, of: string): SoftAndHard {
  const full = `rlimits.${name}`;
  if (!isRecord(option)) {
    const both = toAmount(name, full, option);
    return { soft: both, hard: both };
  }
  const { soft, hard } = readOptions(option, { of, within: full, known: ['soft', 'hard'] });
  const limit = { soft: toAmount(name, `${full}.soft`, soft), hard: toAmount(name, `${full}.hard`, hard) };
  if (limit.soft > limit.hard) {
    const expected = words`at most ${mention(`${full}.hard`)} (${String(hard)})`;
    throw invalidArgument(`${full}.soft`, expected, soft);
  }
  return limit;
}

function toAmount(name: ResourceName, full: string, value: unknown): number {
  if (RESOURCES[name].inBytes) return checkSize(full, value, { min: 0, pageBytes: 1 });
  if (value === 'max' || value === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalidArgument(full, "an integer from 0 on, or 'max'", value);
}

/** The limits of this process, read anew: another process may change them. One that can't be read is left out. */
export function ownLimits(): Rlimits {
  const text = readIfAllowed('/proc/self/limits') ?? '';
  const limits: Partial<Record<ResourceName, SoftAndHard>> = {};
  for (const name of NAMES) {
    const [, soft, hard] = new RegExp(`^${RESOURCES[name].title} +(\\S+) +(\\S+)`, 'm').exec(text) ?? [];
    if (soft !== undefined && hard !== undefined) limits[name] = { soft: amountIn(soft), hard: amountIn(hard) };
  }
  return limits;
}

/** How old {@link recentLimits} may be: to read them at each start would take a thirtieth of it. */
const RECENT_MS = 1000;
let recent: { limits: Rlimits; untilMs: number } | undefined;

/** {@link ownLimits} as they were within the last second. */
export function recentLimits(): Rlimits {
  const now = performance.now();
  if (recent === undefined || now >= recent.untilMs) recent = { limits: ownLimits(), untilMs: now + RECENT_MS };
  return recent.limits;
}

function amountIn(text: string): number {
  return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
}
