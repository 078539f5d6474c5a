import { basename } from 'node:path';
import type { Evidence, LimitsReport, MemoryReport, StallVerdict } from '../../../types/outcome';
import type { CageCgroup } from '../../cage/cgroup/cage-cgroup';
import { diedForWantOfMemory } from '../../cage/limit-too-small';
import { nowhere } from '../../cage/oom/killing-limit';
import type { OomReporter } from '../../cage/oom-reporter';
import { isGone } from '../../cgroup/directory/refusal';
import { isLost } from '../../cgroup/directory/refused-file';
import type { OomFacts } from '../../common/text/oom-words';

/** What the kernel reports about a child that has ended; for a polled cage, what memcage has seen. */
export interface KernelReport {
  oom: OomFacts | null;
  /** When the last kill in its cage was seen, by CLOCK_MONOTONIC. Absent if that is not known. */
  killNs?: number;
  memory: MemoryReport;
  limits: LimitsReport;
  /** Absent if its cages were never that full. */
  evidence?: Evidence;
  /** Absent if its cage got on. */
  stalled?: StallVerdict;
  /** The polled limit for which the kernel was to refuse one of its processes memory when that ended. */
  refusedAtBytes?: number;
  /** Why the report could not be read, or something could not be removed. */
  error?: Error;
}

/** What is known of a cgroup that could not be read. */
export function unreadReport(cgroup: CageCgroup): Pick<KernelReport, 'memory' | 'limits'> {
  return { memory: cgroup.report.fromPlan(), limits: cgroup.limitsReport.unknown() };
}

/** Reads the report from the cgroup that the child lived in. Throws if that can't be read. */
export function readKernelReport(
  cgroup: CageCgroup,
  reporter: OomReporter,
  signal: NodeJS.Signals | null,
): KernelReport {
  try {
    const oom = reporter.check(cgroup);
    const error = oom === null ? diedForWantOfMemory(cgroup, signal) : undefined;
    const told = cgroup.limitsReport.read();
    const killNs = reporter.lastNs;
    return { oom, killNs, memory: cgroup.report.read(), ...told, ...(error !== undefined && { error }) };
  } catch (error) {
    // Someone else has taken its counts away: with the cgroup, or with the controller, and then its limits too.
    const oom = signal === 'SIGKILL' ? { ...nowhere('unknown'), kills: 0, victims: null } : null;
    if (isGone(error)) return { oom, ...unreadReport(cgroup) };
    if (isLost(error)) return { oom, memory: cgroup.report.withoutLimits(), ...cgroup.limitsReport.read(), error };
    throw error;
  }
}

/** How long a process that is killed for memory may take to be gone. */
const DYING_NS = 1e9;

/** The length of a process's `comm` in the kernel. */
const NAME_BYTES = 15;

/** A child of a cage that has ended. */
export interface PossibleVictim {
  pid: number;
  file: string;
  signal: NodeJS.Signals | null;
  /** When it ended, by CLOCK_MONOTONIC. */
  timeNs: number;
  /** memcage killed it, or the caller did so through memcage. */
  wasKilled: boolean;
}

/** Adds the child to the victims of the verdict, if only the kernel can have sent the SIGKILL that ended it. */
export function withChild<R extends KernelReport | undefined>(
  report: R,
  { pid, file, signal, timeNs, wasKilled }: PossibleVictim,
): R {
  const oom = report?.oom ?? null;
  // It lived on when another was killed.
  if (report?.killNs !== undefined && timeNs - report.killNs > DYING_NS) return report;
  if (oom === null || oom.victims !== null || oom.kills === 0 || signal !== 'SIGKILL' || wasKilled) return report;
  const name = Buffer.from(basename(file)).subarray(0, NAME_BYTES).toString();
  return { ...report, oom: { ...oom, victims: [{ pid, name }] } };
}
