import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import type { ChildExit } from '../../../types/native';
import type { CpuReport, FaultReport } from '../../../types/outcome';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { LimitedHeap } from '../../process/node-heap';

const SIGNAL_NAMES = new Map(
  Object.entries(constants.signals).map(([name, number]) => [number, name as NodeJS.Signals]),
);
// Names that share a number with a better known one.
SIGNAL_NAMES.set(constants.signals.SIGABRT, 'SIGABRT').set(constants.signals.SIGIO, 'SIGIO');

/** How a child ended. */
export interface ChildEnd {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  cpu: CpuReport;
  faults: FaultReport;
  /** CLOCK_MONOTONIC. */
  timeNs: number;
  /** Undefined if its heap was given no limit. */
  heap: LimitedHeap | undefined;
  /** Why its exit status could not be read. */
  error?: Error;
}

export function childEndOf(
  { exitCode, signal, usage, timeNs, errno }: ChildExit,
  heap: LimitedHeap | undefined,
): ChildEnd {
  return {
    exitCode,
    signal: signal === null ? null : (SIGNAL_NAMES.get(signal) ?? (`SIG${signal}` as NodeJS.Signals)),
    cpu: { userMs: usage.userUs / 1000, systemMs: usage.systemUs / 1000 },
    faults: { minor: usage.minorFaults, major: usage.majorFaults },
    timeNs,
    heap,
    ...(errno !== 0 && { error: explainLostStatus(errno) }),
  };
}

/** The end of a child that never started. */
export function neverStarted(timeNs: number): ChildEnd {
  const nothing = { cpu: { userMs: 0, systemMs: 0 }, faults: { minor: 0, major: 0 } };
  return { exitCode: null, signal: null, ...nothing, timeNs, heap: undefined };
}

/** The end of a child that Node itself waited for: it tells neither processor time nor page faults. */
export function endSeenByNode(
  exitCode: number | null,
  signal: NodeJS.Signals | null,
  timeNs: number,
  heap: LimitedHeap | undefined,
): ChildEnd {
  const cpu = { userMs: Number.NaN, systemMs: Number.NaN };
  const faults = { minor: Number.NaN, major: Number.NaN };
  return { exitCode, signal, cpu, faults, timeNs, heap };
}

const { EINVAL, ENOSYS } = constants.errno;

/** Explains why the child's exit status is unknown. */
function explainLostStatus(errno: number): Error {
  const known = { errno, syscall: 'waitid' };
  // EINVAL: the kernel is older than P_PIDFD.
  if (errno === -ENOSYS || errno === -EINVAL) {
    const message = 'waitid with P_PIDFD (Linux 5.4) is missing (this Linux is too old, or a seccomp filter hides it)';
    return new MemcageError(ErrorCode.UNSUPPORTED, `${message}, so that it is not known how the child ended`, known);
  }
  const code = getSystemErrorName(errno);
  return Object.assign(new Error(`${code}: it is not known how the child ended, waitid`), { code }, known);
}
