import type { ChildProcess } from 'node:child_process';
import type { Job } from 'bullmq';
import type { Protocol } from './protocol.js';
import { type ChildMessage, isChildMessage, requestsOf } from './requests.js';

/** How long to read the channel of a child that has ended, if a process that it left holds the other end. */
const DRAIN_MS = 1000;

/** What a child said of its job. */
export type Said = { value: unknown } | { error: Error };

/** The parent's side of the messages between BullMQ and a sandboxed processor, for one job. */
export class Conversation {
  /** Resolves when the child has said what became of the job, or undefined when it has ended without. */
  readonly said: Promise<Said | undefined>;
  readonly #requests: ReturnType<typeof requestsOf>;
  #settle: (said: Said | undefined) => void = () => {};

  constructor(
    private readonly child: ChildProcess,
    private readonly job: Job,
    private readonly protocol: Protocol,
  ) {
    this.#requests = requestsOf(protocol);
    this.said = new Promise((resolve) => {
      this.#settle = resolve;
    });
    child.on('message', this.#onMessage);
    child.on('error', this.#onError);
    child.on('exit', this.#onExit);
  }

  start(token: string | undefined): void {
    this.#send({ cmd: this.protocol.ChildCommand.Start, job: this.job.asJSONSandbox(), token });
  }

  /** Has the signal of the processor abort. */
  cancel(reason: unknown): void {
    // The channel carries JSON: of an Error it would leave nothing.
    const value = reason instanceof Error ? reason.message : reason;
    this.#send({ cmd: this.protocol.ChildCommand.Cancel, value });
  }

  readonly #onMessage = (message: unknown): void => {
    if (!isChildMessage(message)) return;
    const { Completed, Failed, Error: Wrong } = this.protocol.ParentCommand;
    const { cmd, value, err } = message;
    if (cmd === Completed) this.#settle({ value });
    else if (cmd === Failed || cmd === Wrong) this.#settle({ error: Object.assign(new Error(), value ?? err) });
    else void this.#serve(message);
  };

  async #serve({ cmd, value, requestId }: ChildMessage): Promise<void> {
    const request = this.#requests.get(cmd);
    if (request === undefined) return;
    try {
      const answer = await request.act(this.job, value);
      if (request.answer !== undefined) this.#send({ requestId, cmd: request.answer, value: answer });
    } catch (error) {
      this.#settle({ error: error as Error });
    }
  }

  #send(message: object): void {
    // A closed channel is told by 'exit', and a child that could not be started by 'error'.
    if (this.child.connected) this.child.send(message, () => {});
  }

  readonly #onError = (): void => {
    // What can't be started or reached has an outcome, which tells why.
    if (this.child.pid === undefined) this.#settle(undefined);
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
