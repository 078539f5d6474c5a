import { formatSize, type ReserveOptions, type Room } from '../index.js';
import { invalid } from './invalid.js';
import type { Plan } from './options.js';

/** @throws TypeError if a budget has no room for a job beside the children that wait */
export function refuseLarge({ budget, memoryBytes, spare }: Plan): void {
  if (budget === undefined) return;
  const { memoryBytes: all } = budget.stats();
  if (memoryBytes * (spare + 1) <= all) return;
  const expected = `less, so that a job and ${spare} spare children fit into the budget of ${formatSize(all)} (or another spare)`;
  throw invalid('memory', expected, formatSize(memoryBytes));
}

/** Children that wait have their limit of the budget, as those that work: one of them may use it while it loads. */
export class SpareRoom {
  readonly #left = new AbortController();
  #room: Room | undefined;
  /** Why they have none: jobs fail then. */
  error: Error | undefined;

  constructor({ budget, spare, memoryBytes }: Plan, { pids }: ReserveOptions) {
    if (budget === undefined || spare === 0) return;
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
  }

  #take(room: Room): void {
    if (this.#left.signal.aborted) room.release();
    else this.#room = room;
  }
}
