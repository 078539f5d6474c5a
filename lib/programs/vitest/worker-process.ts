import { join } from 'node:path';
import type { PoolOptions } from 'vitest/node' with { 'resolution-mode': 'import' };
import type { CagedChild, Cgroup, SharedCage } from '../../index';
import type { WorkerLimits } from '../test-runners/shared-total';
import { isResponse, isTestMessage, type Request, type Response, type RunRequest, type StartRequest } from './messages';

/** As long as Vitest gives its own workers to start, and to stop. */
const ANSWER_TIMEOUT_MS = 60_000;
/** As long as Vitest waits before it sends SIGKILL. */
const TERM_TIMEOUT_MS = 500;

/** How a process ended that was to run a file. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  error?: Error;
}

/** What is known of the tests of a file, before Vitest is told of them. */
export interface TestsOfFile {
  /** The names of those that have begun and not ended, by their ids: several with `test.concurrent`. */
  running: Map<string, string>;
  /** How the others ended, by their ids. */
  results: Map<string, { state?: string }>;
}

/** Its answer, or its end instead. */
export type Answer = { response: Response } | { ended: Ended };

/** A process of Vitest's that runs test files, and answers one request at a time. */
export class WorkerProcess {
  /** What it has said of the tests of the file that runs. */
  tests: TestsOfFile = { running: new Map(), results: new Map() };
  readonly #child: CagedChild<Cgroup | null>;
  #waiting: { type: Response['type']; resolve: (answer: Answer) => void } | undefined;
  #ended: Ended | undefined;

  /** @param onRpc gets what is no answer: messages of Vitest's rpc */
  constructor(
    child: CagedChild<Cgroup | null>,
    { logger }: PoolOptions['project']['vitest'],
    onRpc: (message: unknown) => void,
  ) {
    this.#child = child;
    // No pipe(): each would add listeners to streams that all workers share.
    child.stdout?.on('data', (chunk: Buffer) => logger.outputStream.write(chunk));
    child.stderr?.on('data', (chunk: Buffer) => logger.errorStream.write(chunk));
    child.on('message', (message) => {
      if (isTestMessage(message)) {
        const { id, name, result } = message;
        const { running, results } = this.tests;
        if (result === undefined) {
          running.set(id, name);
        } else {
          running.delete(id);
          results.set(id, result);
        }
      } else if (isResponse(message)) {
        if (this.#waiting?.type === message.type) this.#settle({ response: message });
      } else {
        onRpc(message);
      }
    });
    child.once('exit', (code, signal) => this.#end({ code, signal }));
    child.on('error', (error) => {
      // After its start, it is a message that could not be sent: its end tells why.
      if (child.pid === undefined) this.#end({ code: null, signal: null, error });
    });
  }

  get isRunning(): boolean {
    return this.#ended === undefined;
  }

  /** Has it get ready. */
  start(request: StartRequest): Promise<Answer> {
    return this.#askInTime(request, 'started');
  }

  /** Has it run, or collect, the tests of one file. */
  run(request: RunRequest): Promise<Answer> {
    this.tests = { running: new Map(), results: new Map() };
    return this.#ask(request, 'testfileFinished');
  }

  /** Has it end what it has set up. */
  tearDown(request: Request): Promise<Answer> {
    return this.#askInTime(request, 'stopped');
  }

  /** Passes a message of Vitest's rpc on. */
  send(message: object): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  /** Ends it as Vitest does: with SIGTERM, then SIGKILL. Resolves once it has ended. */
  async end(): Promise<void> {
    if (this.#ended !== undefined) return;
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), TERM_TIMEOUT_MS);
    this.#child.kill();
    await this.#child.outcome;
    clearTimeout(timer);
  }

  /** Without an answer in time it is killed, which gives its room to others. */
  async #askInTime(request: Request, type: Response['type']): Promise<Answer> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), ANSWER_TIMEOUT_MS);
    try {
      return await this.#ask(request, type);
    } finally {
      clearTimeout(timer);
    }
  }

  #ask(request: Request, type: Response['type']): Promise<Answer> {
    return new Promise((resolve) => {
      if (this.#ended !== undefined) {
        resolve({ ended: this.#ended });
        return;
      }
      this.#waiting = { type, resolve };
      this.send(request);
    });
  }

  #end(ended: Ended): void {
    this.#ended ??= ended;
    this.#settle({ ended });
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer);
  }
}

/** Starts a process as the pool `forks` does. */
export function forkWorker(
  cage: SharedCage<Cgroup | null>,
  limits: WorkerLimits,
  { distPath, env, execArgv }: PoolOptions,
): CagedChild<Cgroup | null> {
  return cage.fork(join(distPath, 'workers/forks.js'), [], {
    ...limits,
    env: env as NodeJS.ProcessEnv,
    execArgv,
    stdio: 'pipe',
    serialization: 'advanced',
  });
}
