import type { ReserveOptions, Room } from '../../cage/contract/budget';
import { resolveCpu, resolvePids } from '../../cgroup/limits/resolve-limits';
import { checkOptions } from '../../common/options/option-names';
import { checkSize } from '../../common/text/size';
import type { BudgetParts } from './budget-parts';
import { checkJobOptions } from './job-options';
import type { Job } from './jobs';
import { needOf } from './need';
import { assertOpen, prepareStart, whenRoom } from './start-jobs';

const KNOWN = ['memory', 'cpu', 'pids', 'key', 'priority', 'signal'] as const;

/** The work of `budget.reserve()`. */
export async function reserveRoom(parts: BudgetParts, options: ReserveOptions): Promise<Room> {
  assertOpen(parts);
  const given = checkOptions(options, { of: 'budget.reserve', known: KNOWN, aliases: { mem: 'memory' } });
  const own = checkJobOptions(given);
  const { memory, cpu, pids } = given;
  const limits = {
    ...(memory !== undefined && { memory: { max: checkSize('memory', memory) } }),
    ...(cpu !== undefined && { cpu: resolveCpu(cpu, 'budget.reserve') }),
    ...(pids !== undefined && { pids: resolvePids(pids) }),
  };
  const need = needOf(limits, parts.supply);
  const request = { ...own, file: undefined, need: () => need, canStartAgain: false };
  const job = await whenRoom((listener) => parts.jobs.enter(request, listener));
  prepareStart(parts, job);
  job.started(undefined);
  return new ReservedRoom(job, need.memoryBytes);
}

class ReservedRoom implements Room {
  readonly #job: Job;

  constructor(
    job: Job,
    readonly memoryBytes: number,
  ) {
    this.#job = job;
  }

  release(): void {
    this.#job.ended({});
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
