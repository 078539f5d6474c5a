import { type DrawOptions, drawJobs } from '../../../bench/support/drawn-jobs';
import { type Admission, LimitsAdmission } from '../../../lib/jobs/budget/admission/admission';
import { UseAdmission } from '../../../lib/jobs/budget/admission/use-admission';
import { type Simulation, simulate } from './simulate';

const MIB = 2 ** 20;

/** `once` is `use` where no job can start again. */
export type Rule = 'limits' | 'use' | 'once' | 'oracle';

/** Runs the same jobs, those of one draw after those of another, by one of the rules. The oracle knows each peak beforehand, and has it be the limit. */
export function simulateBy(rule: Rule, draws: DrawOptions | readonly DrawOptions[], memoryMib = 8192): Simulation {
  const jobs = [draws].flat().flatMap((draw) => drawJobs(draw));
  const capacity = { memoryBytes: memoryMib * MIB, cpus: Number.POSITIVE_INFINITY, pids: Number.POSITIVE_INFINITY };
  const limits: Admission = new LimitsAdmission(capacity);
  if (rule === 'oracle') return simulate(jobs, { memoryMib, admission: limits, limitMib: ({ peakMib }) => peakMib });
  if (rule === 'limits') return simulate(jobs, { memoryMib, admission: limits });
  const use = new UseAdmission(capacity);
  return simulate(jobs, { memoryMib, admission: use, use, canStartAgain: rule === 'use' });
}
