import type { Job, Worker } from 'bullmq';
import { invalidArgument } from '../../common/errors/argument-errors';
import { type Budget, formatSize, type LearnedJob, type ReserveOptions, type Room } from '../../index';
import { Attachment, type Seat } from './attachment';
import type { Plan } from './options';

/** Room for jobs: what attached workers hold for the next one, or what is free when a job asks for it. */
export class Seats {
  /** Workers of one queue may do the same job after another, when the first has lost its lock. */
  readonly #fetchedBy = new WeakMap<Job, Worker>();
  readonly #attachments = new Map<Worker, Attachment>();

  constructor(private readonly plan: Plan) {}

  attach(worker: Worker): void {
    worker.on('active', (job: Job) => this.#fetchedBy.set(job, worker));
    const { budget } = this.plan;
    if (budget === undefined) return;
    this.#attachments.set(worker, new Attachment(worker, budget, needOf(this.plan)));
    worker.once('closed', () => this.#attachments.delete(worker));
  }

  /** Whether this attached worker was the last to fetch the job. */
  isFetchedBy(worker: Worker, job: Job): boolean {
    return this.#fetchedBy.get(job) === worker;
  }

  /** Waits for room. Rejects with an AbortError after an abort, with the budget's error once it is closed. */
  async enter(job: Job, signal: AbortSignal): Promise<Seat> {
    const { budget } = this.plan;
    if (budget === undefined) return NO_SEAT;
    const worker = this.#fetchedBy.get(job);
    const attachment = worker && this.#attachments.get(worker);
    if (attachment !== undefined) return attachment.enter(job, signal);
    const room: Room = await budget.reserve({ ...needOf(this.plan), signal });
    return { giveBack: () => room.release(), leave: () => room.release() };
  }

  close(): void {
    for (const attachment of this.#attachments.values()) attachment.close();
    this.#attachments.clear();
  }
}

const NO_SEAT: Seat = { giveBack: () => {}, leave: () => {} };

/** What a job takes of the budget. */
function needOf({ memoryBytes, childOptions }: Pick<Plan, 'memoryBytes' | 'childOptions'>): ReserveOptions {
  const { cpu, pids } = childOptions as { cpu?: unknown; pids?: unknown };
  const cpus = typeof cpu === 'object' && cpu !== null ? (cpu as { max?: unknown }).max : cpu;
  return {
    memory: memoryBytes,
    ...(typeof cpus === 'number' && Number.isFinite(cpus) && { cpu: cpus }),
    ...(typeof pids === 'number' && Number.isFinite(pids) && { pids }),
  };
}

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
    throw invalidArgument('memory', expected, formatSize(memoryBytes));
  }
  if (largestBytes + memoryBytes * spare > all) {
    const expected = `less, so that a job done once more and ${spare} spare children fit into ${whole} (or another spare)`;
    throw invalidArgument('retry.memory', expected, formatSize(largestBytes));
  }
  const plans = [...(open.get(budget) ?? []), plan];
  const waiting = plans.reduce((sum, each) => sum + each.memoryBytes * each.spare, 0);
  const largest = Math.max(...plans.map((each) => each.largestBytes));
  if (largest + waiting > all) {
    const expected = `less, so that a job of ${formatSize(largest)} and the spare children of all ${plans.length} processors, ${formatSize(waiting)}, fit into ${whole} (or another spare)`;
    throw invalidArgument('memory', expected, formatSize(memoryBytes));
  }
}

/** Children that wait have their limit of the budget, as those that work: one of them may use it while it loads. */
export class SpareRoom {
  readonly #left = new AbortController();
  #room: Room | undefined;
  /** Why they have none: jobs fail then. */
  error: Error | undefined;

  constructor(private readonly plan: Plan) {
    const { budget, spare, memoryBytes } = plan;
    if (budget === undefined) return;
    const plans = open.get(budget) ?? new Set();
    open.set(budget, plans.add(plan));
    if (spare === 0) return;
    const { pids } = needOf(plan);
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
