import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Job } from 'bullmq';
import { type Caged, ExitError, failureOf, type Outcome } from '../../index';
import type { EnvironmentChanges } from './child/environment-message';
import { Conversation, type Said } from './conversation';
import type { Protocol } from './protocol';

/** How long a child may take to end that has said what became of its job. */
const LEAVE_MS = 1000;

/** The child of one job. */
export type JobChild = ChildProcess & Caged;

/** Why a job is to end before it has. */
export interface Stop {
  /** What the processor gets as the reason of its signal. */
  reason: unknown;
  /** The error of the job; without an outcome if no child of it was started. */
  error(outcome: Outcome | undefined): Error;
  /** Whether that is the error whatever the processor says after. */
  isFinal: boolean;
  /** Whether the processor gets no time to end by itself. */
  atOnce: boolean;
}

/** What may end a job early, and who has to hear of it. */
export class Stops {
  first: Stop | undefined;
  readonly #controller = new AbortController();
  readonly #listeners = new Set<(stop: Stop) => void>();

  /** Aborted by the first stop: for what waits. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  stop(stop: Stop): void {
    this.first ??= stop;
    this.#controller.abort(stop.reason);
    for (const listener of this.#listeners) listener(stop);
  }

  /** Calls the function at each stop, and for one that was before. The returned function takes that back. */
  listen(listener: (stop: Stop) => void): () => void {
    this.#listeners.add(listener);
    if (this.first !== undefined) listener(this.first);
    return () => this.#listeners.delete(listener);
  }
}

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
export async function attempt(child: JobChild, request: AttemptRequest): Promise<unknown> {
  const { job, token, stops, protocol, graceMs } = request;
  relayOutput(child);
  const conversation = new Conversation(child, job, protocol);
  const ending = new ChildEnding(child);
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
  const failure = failureOf(outcome, { command: name, pid });
  // The exit code says less than what the child said wrongly: it was ended for that.
  if (said !== undefined && (failure === null || failure instanceof ExitError)) throw said.broken;
  throw failure ?? new ExitError(`${name} ended with exit code 0 before it was done`, { ...outcome, ...NO_OUTPUT });
}

/** What the child wrote went to the worker's own output. */
export const NO_OUTPUT = { stdout: '', stderr: '' };

/** Kills a child with all that it started, at the earliest of the times that it was given. */
class ChildEnding {
  #timer: NodeJS.Timeout | undefined;
  #atMs = Number.POSITIVE_INFINITY;

  constructor(private readonly child: JobChild) {}

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

/** Passes on what a child writes, as BullMQ does for its children. A stream that is not a pipe is null. */
function relayOutput({ stdout, stderr }: { stdout: Readable | null; stderr: Readable | null }): void {
  for (const [from, to] of [
    [stdout, process.stdout],
    [stderr, process.stderr],
  ] as const) {
    // Who can't read the child's pipe, or write to this process's own output, has nothing to tell the job.
    if (from !== null) relay(from, to).catch(() => from.resume());
  }
}

/** Not `pipe()`: its listeners add up on the stream that all children share. */
async function relay(from: Readable, to: Writable): Promise<void> {
  for await (const chunk of from) {
    if (!to.write(chunk)) await once(to, 'drain');
  }
}
