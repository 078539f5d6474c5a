import { type Budget, formatSize, type LearnedJob, type ReserveOptions, type Room } from '../../index.js';
import { invalid } from './invalid.js';
import type { Plan } from './options.js';

/** The open processors of a budget: the room of their spare children is not given back before they close. */
const open = new WeakMap<Budget<LearnedJob>, Set<Plan>>();

/** @throws TypeError if a budget has no room for a job beside the children that wait */
export function refuseLarge(plan: Plan): void {
  const { budget, memoryBytes, largestBytes, spare } = plan;
  if (budget === undefined) return;
  const { memoryBytes: all } = budget.stats();
  const whole = `the budget of ${formatSize(all)}`;
  if (memoryBytes * (spare + 1) > all) {
    const expected = `less, so that a job and ${spare} spare children fit into ${whole} (or another spare)`;
    throw invalid('memory', expected, formatSize(memoryBytes));
  }
  if (largestBytes + memoryBytes * spare > all) {
    const expected = `less, so that a job done once more and ${spare} spare children fit into ${whole} (or another spare)`;
    throw invalid('retry.memory', expected, formatSize(largestBytes));
  }
  const plans = [...(open.get(budget) ?? []), plan];
  const waiting = plans.reduce((sum, each) => sum + each.memoryBytes * each.spare, 0);
  const largest = Math.max(...plans.map((each) => each.largestBytes));
  if (largest + waiting > all) {
    const expected = `less, so that a job of ${formatSize(largest)} and the spare children of all ${plans.length} processors, ${formatSize(waiting)}, fit into ${whole} (or another spare)`;
    throw invalid('memory', expected, formatSize(memoryBytes));
  }
}

/** Children that wait have their limit of the budget, as those that work: one of them may use it while it loads. */
export class SpareRoom {
  readonly #left = new AbortController();
  #room: Room | undefined;
  /** Why they have none: jobs fail then. */
  error: Error | undefined;

  constructor(
    private readonly plan: Plan,
    { pids }: ReserveOptions,
  ) {
    const { budget, spare, memoryBytes } = plan;
    if (budget === undefined) return;
    const plans = open.get(budget) ?? new Set();
    open.set(budget, plans.add(plan));
    if (spare === 0) return;
    const all = { memory: memoryBytes * spare, ...(pids !== undefined && { pids: pids * spare }) };
    budget.reserve({ ...all, signal: this.#left.signal }).then(
      (room) => this.#take(room),
      (error: Error) => {
        this.error = error;
      },
    );
  }

  release(): void {
    this.#left.abort();
    this.#room?.release();
    const { budget } = this.plan;
    if (budget !== undefined) open.get(budget)?.delete(this.plan);
  }

  #take(room: Room): void {
    if (this.#left.signal.aborted) room.release();
    else this.#room = room;
  }
}
