import { constants } from 'node:os';
import { refusedWith } from '../cgroup/directory/refusal';
import { ErrorCode, MemcageError } from '../errors/errors';
import { formatSize } from '../text/size';
import type { CageCgroup } from './cage-cgroup';

/** The kernel's and the loader's part of a small C program takes about 40 pages; less than this loads nothing else. */
const LOADABLE_PAGES = 64;

const { E2BIG, ENOMEM } = constants.errno;

/**
 * Why a program could not be started in a cgroup; undefined when its limit is not to blame. The kernel says ENOMEM, or
 * E2BIG where not even a page for the arguments was left, which elsewhere means that they are too long.
 */
export function explainTooSmall(cgroup: CageCgroup, errno: number): string | undefined {
  if (errno !== -ENOMEM && !(errno === -E2BIG && isTiny(cgroup, cgroup.report.read().limitBytes))) return undefined;
  return explain(cgroup);
}

function explain(cgroup: CageCgroup): string | undefined {
  const { path } = cgroup.memory;
  if (cgroup.monitor.underOom()) {
    return `${path} is out of memory and its OOM killer is off (memory.oomKill): nothing can be started in it`;
  }
  const hit = cgroup.monitor.limitHit();
  if (hit === undefined) return undefined;
  const { cause, limitBytes } = hit;
  const limit = `The limit of ${formatSize(limitBytes ?? Number.POSITIVE_INFINITY)}`;
  const whose = cause === 'limit' ? limit : `${limit} of ${hit.path}, a cage around it,`;
  return isTiny(cgroup, limitBytes)
    ? `${whose} is too small for a program to be started in it`
    : `${whose} is used up: no program can be started in ${path}`;
}

/** The same for a cgroup of a child that could not be made: the kernel charges it to the cage. */
export function asTooSmall(error: unknown, cgroup: CageCgroup): unknown {
  const message = refusedWith(error, 'ENOMEM') ? explain(cgroup) : undefined;
  return message === undefined ? error : new MemcageError(ErrorCode.LIMIT_TOO_SMALL, message, { cause: error });
}

/**
 * For a child whose exec had no way back when the memory ran out: the kernel then ends it by a signal, and where its OOM
 * killer is off nothing is counted.
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

function isTiny({ limitContext }: CageCgroup, limitBytes: number | null): boolean {
  return limitBytes !== null && limitBytes < LOADABLE_PAGES * (limitContext.pageBytes ?? 4096);
}
