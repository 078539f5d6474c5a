import type { Job, Worker } from 'bullmq';
import type { ReserveOptions, Room } from '../../index.js';
import { Attachment, type Seat } from './attachment.js';
import type { Plan } from './options.js';

/** Room for jobs: what attached workers hold for the next one, or what is free when a job asks for it. */
export class Seats {
  /** Which worker has fetched a job. */
  readonly #fetchedBy = new WeakMap<Job, Attachment>();
  readonly #attachments = new Set<Attachment>();

  constructor(private readonly plan: Plan) {}

  attach(worker: Worker): void {
    const { budget } = this.plan;
    if (budget === undefined) return;
    const attachment = new Attachment(worker, { budget, need: needOf(this.plan) });
    this.#attachments.add(attachment);
    worker.on('active', (job: Job) => this.#fetchedBy.set(job, attachment));
    worker.once('closed', () => this.#attachments.delete(attachment));
  }

  /** Waits for room. Rejects with an AbortError after an abort, with the budget's error once it is closed. */
  async enter(job: Job, signal: AbortSignal): Promise<Seat> {
    const { budget } = this.plan;
    if (budget === undefined) return NO_SEAT;
    const attachment = this.#fetchedBy.get(job);
    if (attachment !== undefined) return attachment.enter(job, signal);
    const room: Room = await budget.reserve({ ...needOf(this.plan), signal });
    return { giveBack: () => room.release(), leave: () => room.release() };
  }

  close(): void {
    for (const attachment of this.#attachments) attachment.close();
    this.#attachments.clear();
  }
}

const NO_SEAT: Seat = { giveBack: () => {}, leave: () => {} };

/** What a job takes of the budget. */
export function needOf({ memoryBytes, childOptions }: Pick<Plan, 'memoryBytes' | 'childOptions'>): ReserveOptions {
  const { cpu, pids } = childOptions as { cpu?: unknown; pids?: unknown };
  const cpus = typeof cpu === 'object' && cpu !== null ? (cpu as { max?: unknown }).max : cpu;
  return {
    memory: memoryBytes,
    ...(typeof cpus === 'number' && Number.isFinite(cpus) && { cpu: cpus }),
    ...(typeof pids === 'number' && Number.isFinite(pids) && { pids }),
  };
}
