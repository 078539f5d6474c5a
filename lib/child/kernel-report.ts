import type { MemoryReport, OomVerdict } from '../../types/outcome';
import type { CageCgroup } from '../cage/cage-cgroup';
import type { OomReporter } from '../cage/oom-reporter';
import { diedForWantOfMemory } from '../cage/too-small';
import { ErrorCode, MemcageError } from '../errors/errors';
import { nowhere, verdictOn } from '../oom/whose-limit';

/** What the kernel has to say about a child once it has ended. */
export interface KernelReport {
  oom: OomVerdict | null;
  memory: MemoryReport;
  /** It could not be read, or something could not be removed. */
  error?: Error;
}

/** Reads it from the cgroup that the child lived in. Throws where that can't be read. */
export function readKernelReport(home: CageCgroup, reporter: OomReporter, signal: NodeJS.Signals | null): KernelReport {
  try {
    const oom = reporter.check(home);
    const error = oom === null ? diedForWantOfMemory(home, signal) : undefined;
    return { oom, memory: home.report.read(), ...(error !== undefined && { error }) };
  } catch (error) {
    if (!(error instanceof MemcageError) || error.code !== ErrorCode.CGROUP_GONE) throw error;
    // Someone else has removed it, and its counts with it.
    return {
      oom: signal === 'SIGKILL' ? verdictOn(nowhere('unknown'), 0, null) : null,
      memory: home.report.fromPlan(),
    };
  }
}
