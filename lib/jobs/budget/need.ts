import type { CageLimits } from '../../cgroup/limits/cage-limits';
import { invalidArgument } from '../../common/errors/errors';
import { formatSize } from '../../common/text/size';
import type { Need } from './admission/admission';
import type { Supply } from './admission/limits-admission';

const FINITE = "a size such as '512M', and not unlimited (a job takes its limit of the budget's memory)";

/**
 * What a job with these limits takes.
 *
 * @throws TypeError if that is more than the budget has, or memory is not limited
 */
export function needOf({ memory, cpu, pids }: Partial<CageLimits>, supply: Supply): Need {
  const memoryBytes = memory?.max;
  if (memoryBytes === undefined || memoryBytes === Number.POSITIVE_INFINITY) {
    throw invalidArgument('memory', FINITE, memoryBytes);
  }
  const need = { memoryBytes, cpus: finite(cpu?.max), pids: finite(pids) };
  refuseMore('memory', need.memoryBytes, supply.memoryBytes, formatSize);
  refuseMore('cpu', need.cpus, supply.cpus, (count) => `${count} processors`);
  refuseMore('pids', need.pids, supply.pids, (count) => `${count} processes and threads`);
  return need;
}

function finite(given: number | undefined): number {
  return given === undefined || given === Number.POSITIVE_INFINITY ? 0 : given;
}

function refuseMore(option: string, wanted: number, most: number, format: (count: number) => string): void {
  if (wanted <= most) return;
  const expected = `at most the ${format(most)} that the whole budget has (give the job less, or createBudget() more)`;
  throw invalidArgument(option, expected, option === 'memory' ? format(wanted) : wanted);
}
