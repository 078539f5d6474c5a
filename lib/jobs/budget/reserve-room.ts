import { resolveCpu, resolvePids } from '../../cgroup/limits/resolve-limits';
import { checkOptions } from '../../common/options/option-names';
import { checkSize } from '../../common/text/size';
import type { ReserveOptions, Room } from './budget';
import { assertOpen, type BudgetCore, prepareStart } from './budget-core';
import { checkJobOptions, needOf } from './job-options';

const KNOWN = ['memory', 'cpu', 'pids', 'key', 'priority', 'signal'] as const;

/** The work of `budget.reserve()`. */
export async function reserveRoom(core: BudgetCore, options: ReserveOptions): Promise<Room> {
  assertOpen(core);
  const given = checkOptions(options, { of: 'budget.reserve', known: KNOWN, aliases: { mem: 'memory' } });
  const own = checkJobOptions(given);
  const { memory, cpu, pids } = given;
  const limits = {
    ...(memory !== undefined && { memory: { max: checkSize('memory', memory) } }),
    ...(cpu !== undefined && { cpu: resolveCpu(cpu, 'budget.reserve') }),
    ...(pids !== undefined && { pids: resolvePids(pids) }),
  };
  const need = needOf(limits, core.capacity);
  const request = { ...own, file: undefined, need: () => need, canStartAgain: false };
  const job = await core.jobs.whenRoom(request);
  prepareStart(core, job);
  job.started(undefined);
  const release = (): void => job.ended({});
  return { memoryBytes: need.memoryBytes, release, [Symbol.dispose]: release };
}
