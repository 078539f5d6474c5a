import type { ChildProcess } from 'node:child_process';
import type { Job, JobProgress, MoveToWaitingChildrenOpts } from 'bullmq';
import { CURE, words } from '../../common/errors/words';
import { formatSize, MemcageError } from '../../index';
import { ENVIRONMENT, type EnvironmentChanges } from './child/environment-message';
import type { Protocol } from './protocol';

/** How long to read the channel of a child that has ended, if a process that it left holds the other end. */
const DRAIN_MS = 1000;

/** What the requests of a child may take that are not done yet. */
const MOST_UNDONE_BYTES = 64 * 2 ** 20;
/** What a request takes besides its value. */
const REQUEST_BYTES = 1024;

/** What a child said of its job; or why nothing more that it says is heard, and it is ended. */
export type Said = { value: unknown } | { error: Error } | { broken: Error };

/** The parent's side of the messages between BullMQ and a sandboxed processor, for one job. */
export class Conversation {
  /** Resolves when the child has said what became of the job, or undefined when it has ended without. */
  readonly said: Promise<Said | undefined>;
  readonly #requests: ReturnType<typeof requestsOf>;
  #settle: (said: Said | undefined) => void = () => {};
  #isSettled = false;
  #undoneBytes = 0;

  constructor(
    private readonly child: ChildProcess,
    private readonly job: Job,
    private readonly protocol: Protocol,
  ) {
    this.#requests = requestsOf(protocol);
    this.said = new Promise((resolve) => {
      this.#settle = (said) => {
        this.#isSettled = true;
        resolve(said);
      };
    });
    child.on('message', this.#onMessage);
    child.on('error', this.#onError);
    child.on('exit', this.#onExit);
  }

  start(token: string | undefined, environment: EnvironmentChanges | undefined): void {
    if (environment !== undefined) void this.#send({ cmd: ENVIRONMENT, ...environment });
    void this.#send({ cmd: this.protocol.ChildCommand.Start, job: this.job.asJSONSandbox(), token });
  }

  /** Has the signal of the processor abort. */
  cancel(reason: unknown): void {
    // The channel carries JSON: of an Error it would leave nothing.
    const value = reason instanceof Error ? reason.message : reason;
    void this.#send({ cmd: this.protocol.ChildCommand.Cancel, value });
  }

  readonly #onMessage = (message: unknown): void => {
    if (this.#isSettled || !isChildMessage(message)) return;
    const { Completed, Failed, Error: Wrong } = this.protocol.ParentCommand;
    const { cmd, value, err } = message;
    if (cmd === Completed) this.#settle({ value });
    else if (cmd === Failed || cmd === Wrong) this.#settle({ error: toldError(value ?? err) });
    else void this.#serve(message);
  };

  async #serve({ cmd, value, requestId }: ChildMessage): Promise<void> {
    const request = this.#requests.get(cmd);
    if (request === undefined) return;
    const bytes = REQUEST_BYTES + (JSON.stringify(value)?.length ?? 0);
    this.#undoneBytes += bytes;
    try {
      if (this.#undoneBytes > MOST_UNDONE_BYTES) throw tooMuch();
      const answer = await request.act(this.job, value);
      // Until the child has it: one that does not read could have this process keep any number of answers.
      if (request.answer !== undefined) await this.#send({ requestId, cmd: request.answer, value: answer });
    } catch (error) {
      this.#settle({ broken: error as Error });
    } finally {
      this.#undoneBytes -= bytes;
    }
  }

  /** Resolves when it is sent, or can't be. */
  #send(message: object): Promise<void> {
    return new Promise((resolve) => {
      // A closed channel is told by 'exit', and a child that could not be started by 'error'.
      if (this.child.connected) this.child.send(message, () => resolve());
      else resolve();
    });
  }

  readonly #onError = (error: Error): void => {
    // What can't be started has an outcome, which tells why.
    if (this.child.pid === undefined) this.#settle(undefined);
    // The channel of the child is closed.
    else if (error instanceof MemcageError) this.#settle({ broken: error });
  };

  /** What it has said may still be in the channel. */
  readonly #onExit = (): void => {
    const settle = (): void => {
      clearTimeout(timer);
      this.#settle(undefined);
    };
    const timer = setTimeout(settle, DRAIN_MS);
    if (this.child.connected) this.child.once('disconnect', settle);
    else settle();
  };
}

function tooMuch(): MemcageError {
  const cure = 'have the processor await what it asks of its job';
  const most = formatSize(MOST_UNDONE_BYTES);
  return new MemcageError(
    'ERR_MEMCAGE_CHANNEL',
    words`The child asked more of its job than ${most} before it was done${CURE}${cure}`,
  );
}

/** A message of BullMQ's child. */
export interface ChildMessage {
  cmd: number;
  requestId?: string;
  value?: unknown;
  err?: unknown;
}

/** What has the job do something, and the command of the answer that the child waits for, if it does. */
interface ChildRequest {
  act(job: Job, value: unknown): Promise<unknown>;
  answer?: number;
}

type CountedChildren = Parameters<Job['getDependenciesCount']>[0];
type ListedChildren = Parameters<Job['getDependencies']>[0];
interface Move {
  timestamp?: number;
  token?: string;
  opts?: MoveToWaitingChildrenOpts;
}

/** What BullMQ's child may ask its parent for, by the number of the command. */
export function requestsOf({ ParentCommand: from, ChildCommand: to }: Protocol): ReadonlyMap<number, ChildRequest> {
  return new Map<number, ChildRequest>([
    [from.Progress, { act: (job, value) => job.updateProgress(value as JobProgress) }],
    [from.Log, { act: (job, value) => job.log(value as string) }],
    [from.Update, { act: (job, value) => job.updateData(value) }],
    [
      from.MoveToDelayed,
      { act: (job, value) => job.moveToDelayed((value as Move).timestamp as number, (value as Move).token) },
    ],
    [from.MoveToWait, { act: (job, value) => job.moveToWait((value as Move | undefined)?.token) }],
    [
      from.MoveToWaitingChildren,
      {
        act: (job, value) => {
          const { token, opts } = value as Move;
          return job.moveToWaitingChildren(token as string, opts);
        },
        answer: to.MoveToWaitingChildrenResponse,
      },
    ],
    [from.GetChildrenValues, { act: (job) => job.getChildrenValues(), answer: to.GetChildrenValuesResponse }],
    [
      from.GetIgnoredChildrenFailures,
      { act: (job) => job.getIgnoredChildrenFailures(), answer: to.GetIgnoredChildrenFailuresResponse },
    ],
    [
      from.GetDependenciesCount,
      {
        act: (job, value) => job.getDependenciesCount(value as CountedChildren),
        answer: to.GetDependenciesCountResponse,
      },
    ],
    [
      from.GetDependencies,
      { act: (job, value) => job.getDependencies(value as ListedChildren), answer: to.GetDependenciesResponse },
    ],
  ]);
}

/** Whether it is BullMQ's. The processor may send messages of its own, which nobody listens to. */
export function isChildMessage(message: unknown): message is ChildMessage {
  return typeof message === 'object' && message !== null && typeof (message as ChildMessage).cmd === 'number';
}

/** The error that a child tells of, with all that it has. BullMQ takes these three for texts. */
export function toldError(told: unknown): Error {
  const error = new Error();
  if (typeof told !== 'object' || told === null) return error;
  for (const [name, value] of Object.entries(told)) {
    const isWrong = ['name', 'message', 'stack'].includes(name) ? typeof value !== 'string' : name === '__proto__';
    if (!isWrong) Reflect.set(error, name, value);
  }
  return error;
}
