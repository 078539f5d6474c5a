import type { ChildProcess } from 'node:child_process';
import type { Job } from 'bullmq';
import { type Caged, ExitError, failureOf, type Outcome } from '../../index.js';
import { Conversation, type Said } from './conversation.js';
import type { EnvironmentChanges } from './environment.js';
import { relayOutput } from './output.js';
import type { Protocol } from './protocol.js';
import type { Stop, Stops } from './stops.js';

/** How long a child may take to end that has said what became of its job. */
const LEAVE_MS = 1000;

export type CagedChild = ChildProcess & Caged;

export interface AttemptRequest {
  job: Job;
  token: string | undefined;
  stops: Stops;
  protocol: Protocol;
  /** The processor, for errors. */
  name: string;
  graceMs: number;
  environment: EnvironmentChanges | undefined;
}

/** Has a child do the job. Settles when nothing of the child is left. */
export async function attempt(child: CagedChild, request: AttemptRequest): Promise<unknown> {
  const { job, token, stops, protocol, graceMs } = request;
  relayOutput(child);
  const conversation = new Conversation(child, job, protocol);
  const ending = new Ending(child);
  // Before what cancels it: BullMQ's child has no signal before its job.
  conversation.start(token, request.environment);
  const stay = stops.listen(({ reason, atOnce }) => {
    conversation.cancel(reason);
    ending.within(atOnce ? 0 : graceMs);
  });
  const said = await conversation.said;
  // What is asked for now is too late.
  stay();
  const { first } = stops;
  ending.within(LEAVE_MS);
  const outcome = await child.outcome;
  ending.dispose();
  return resultOf({ said, stop: first, outcome, name: request.name, pid: child.pid });
}

interface End {
  said: Said | undefined;
  stop: Stop | undefined;
  outcome: Outcome;
  name: string;
  pid: number | undefined;
}

function resultOf({ said, stop, outcome, name, pid }: End): unknown {
  if (stop?.isFinal === true) throw stop.error(outcome);
  if (said !== undefined && 'value' in said) return said.value;
  if (said !== undefined && 'error' in said) throw said.error;
  if (stop !== undefined) throw stop.error(outcome);
  const failure = failureOf(outcome, { command: name, ...(pid !== undefined && { pid }) });
  // An exit says less: the child was ended for it.
  if (said !== undefined && (failure === undefined || failure instanceof ExitError)) throw said.broken;
  throw failure ?? new ExitError(`${name} ended with exit code 0 before it was done`, { ...outcome, ...NOTHING });
}

/** What the child wrote went to the worker's own output. */
export const NOTHING = { stdout: '', stderr: '' };

/** Kills a child with all that it started, at the earliest of the times that it was given. */
class Ending {
  #timer: NodeJS.Timeout | undefined;
  #atMs = Number.POSITIVE_INFINITY;

  constructor(private readonly child: CagedChild) {}

  within(ms: number): void {
    const atMs = performance.now() + ms;
    if (atMs >= this.#atMs) return;
    this.#atMs = atMs;
    clearTimeout(this.#timer);
    if (ms === 0) this.#kill();
    else this.#timer = setTimeout(() => this.#kill(), ms);
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  #kill(): void {
    // None, if the child could not be started for want of fds.
    const cage: Caged['cage'] | null = this.child.cage;
    // A failure is told by the end of the child.
    cage?.kill().catch(() => {});
  }
}
