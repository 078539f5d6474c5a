import { constants } from 'node:os';
import { refusedWith } from '../cgroup/directory/refusal';
import { ErrorCode, MemcageError } from '../common/errors/errors';
import { CURE, type Words, words } from '../common/errors/words';
import { formatSize } from '../common/text/size';
import type { CageCgroup } from './cgroup/cage-cgroup';

/** What docs/reference/errors.md says too. */
const ENOUGH = '1M is enough to start a small program; for one of Node 64M is recommended';

/** The kernel and the loader take about 40 pages for a small C program. With less than this, nothing else loads. */
const LOADABLE_PAGES = 64;

const { E2BIG, ENOMEM } = constants.errno;

/**
 * Explains why a program could not be started in a cgroup; undefined if the limit is not to blame. The kernel reports
 * ENOMEM, or E2BIG if no page was left for the arguments and the environment (copy_strings() in fs/exec.c). Elsewhere E2BIG
 * means that these are too long.
 */
export function explainTooSmall(cgroup: CageCgroup, errno: number): Words | undefined {
  return errno === -ENOMEM || (errno === -E2BIG && hasNoPage(cgroup)) ? explain(cgroup) : undefined;
}

function explain(cgroup: CageCgroup): Words | undefined {
  const { path } = cgroup.memory;
  const hit = cgroup.monitor.limitHit();
  if (hit === undefined) return undefined;
  const { cause, limitBytes } = hit;
  const limit = `The limit of ${formatSize(limitBytes ?? Number.POSITIVE_INFINITY)}`;
  const whose = cause === 'limit' ? limit : `${limit} of ${hit.path}, a cage around it,`;
  if (isTiny(cgroup, limitBytes)) return words`${whose} is too small for a program to be started in it${CURE}${ENOUGH}`;
  return cgroup.monitor.isKillerOff()
    ? `${path} is out of memory and its OOM killer is off (memory.oomKill): nothing can be started in it`
    : `${whose} is used up: no program can be started in ${path}`;
}

/** Explains why a cgroup could not be made within a cage: the kernel charges the cage for it. */
export function asTooSmall(error: unknown, cgroup: CageCgroup): unknown {
  const message = refusedWith(error, 'ENOMEM') ? explain(cgroup) : undefined;
  return message === undefined ? error : new MemcageError(ErrorCode.LIMIT_TOO_SMALL, message, { cause: error });
}

/**
 * The error for a child that ran out of memory after exec's point of no return. The kernel then ends it by a signal,
 * and counts nothing if the OOM killer is off.
 */
export function diedForWantOfMemory(cgroup: CageCgroup, signal: NodeJS.Signals | null): MemcageError | undefined {
  const faulted = signal === 'SIGSEGV' || signal === 'SIGBUS';
  const hit = faulted || signal === 'SIGKILL' ? cgroup.monitor.limitHit() : undefined;
  const starved = hit !== undefined && isTiny(cgroup, hit.limitBytes);
  if (!starved && !(faulted && cgroup.monitor.underOom())) return undefined;
  return new MemcageError(
    ErrorCode.LIMIT_TOO_SMALL,
    explain(cgroup) ?? `${signal} for want of memory in ${cgroup.memory.path}`,
    { path: cgroup.memory.path },
  );
}

function hasNoPage(cgroup: CageCgroup): boolean {
  return isTiny(cgroup, cgroup.report.read().limitBytes) || cgroup.monitor.underOom();
}

function isTiny({ limitContext }: CageCgroup, limitBytes: number | null): boolean {
  return limitBytes !== null && limitBytes < LOADABLE_PAGES * (limitContext.pageBytes ?? 4096);
}
