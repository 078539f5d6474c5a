import { totalmem } from 'node:os';
import type { Plan } from '../test-runners/options';
import { complain, type SharedTotal } from '../test-runners/shared-total';
import type { TestFile, TestWorker } from '../test-runners/test-worker';
import { Conversation, type OnEvent, WorkerEnded } from './conversation';
import type { JestPackages } from './jest-packages';
import type { JestGlobalConfig, JestTest } from './jest-types';
import { FileProgress, killedResult } from './killed-result';

/** As Jest's. */
const GRACE_MS = 500;
const MOST_TRIES = 4;

export interface SlotParts {
  plan: Plan;
  packages: JestPackages;
  total: SharedTotal;
  globalConfig: JestGlobalConfig;
  /** What a worker needs before its first file. */
  setup: object;
  /** Ends the wait for room, and the file that runs. */
  signal: AbortSignal;
}

/** A file that is to run. */
export interface FileRun {
  test: JestTest;
  file: TestFile;
  /** What jest-runner's worker takes. */
  payload: object;
  onEvent: OnEvent;
  /** Called once, when it has room. */
  onStart: () => Promise<void>;
}

interface Process {
  readonly worker: TestWorker;
  readonly conversation: Conversation;
  isReady: boolean;
}

/** Runs files one after the other: in the same process as long as that has room for the next, and has not grown. */
export class Slot {
  #process: Process | undefined;
  /** How many processes did not end by themselves. */
  forcedExits = 0;

  /** @param id as in JEST_WORKER_ID */
  constructor(
    private readonly id: number,
    private readonly parts: SlotParts,
  ) {}

  /**
   * The result of the file, also if its worker was killed for memory.
   *
   * @throws what Jest's own runner would say of a worker that ended in another way; what its worker tells; what kept the
   * worker from its start
   */
  async run(run: FileRun): Promise<unknown> {
    let alone = false;
    for (let tries = 1; ; tries += 1) {
      const process = await this.#processFor(run.file, alone);
      if (tries === 1) await run.onStart();
      const progress = new FileProgress();
      try {
        return await this.#runIn(process, run, progress);
      } catch (error) {
        if (!(error instanceof WorkerEnded)) throw error;
        const verdict = await process.worker.verdict(progress.tests);
        if (verdict === undefined) checkTries(error, tries);
        else if (!verdict.again) return killedResult(run.test, progress, verdict.message);
        else {
          complain(verdict.message);
          alone = true;
        }
      }
    }
  }

  /** Ends its process, if there is one. */
  async end(): Promise<void> {
    const process = this.#process;
    if (process === undefined) return;
    this.#process = undefined;
    const { workerGracefulExitTimeout: graceMs = GRACE_MS } = this.parts.globalConfig;
    if (!(await process.conversation.end(graceMs))) this.forcedExits += 1;
    await process.worker.end();
  }

  async #processFor(file: TestFile, alone: boolean): Promise<Process> {
    const { plan, signal, total, packages } = this.parts;
    if (this.#process !== undefined && !alone && this.#process.worker.next(file)) return this.#process;
    await this.end();
    const worker = await total.worker(file, {
      plan,
      alone,
      signal,
      start: (cage, limits) => cage.fork(packages.process, [], { ...limits, ...this.#forkOptions() }),
    });
    // It may have aborted after there was room.
    if (signal.aborted) await worker.end();
    signal.throwIfAborted();
    const { child } = worker;
    const kill = (): void => void worker.end();
    signal.addEventListener('abort', kill);
    void worker.gone.then(() => signal.removeEventListener('abort', kill));
    child.stdout?.on('data', (chunk: Buffer) => process.stdout.write(chunk));
    child.stderr?.on('data', (chunk: Buffer) => process.stderr.write(chunk));
    const conversation = new Conversation(child, packages.unpack);
    this.#process = { worker, conversation, isReady: false };
    return this.#process;
  }

  async #runIn(process: Process, { payload, onEvent }: FileRun, progress: FileProgress): Promise<unknown> {
    const { worker, conversation } = process;
    const { packages, setup } = this.parts;
    try {
      if (!process.isReady) {
        await conversation.begin(packages.work, setup);
        worker.ready();
        process.isReady = true;
      }
      return await conversation.call(payload, (event, argument) => {
        progress.take(event, argument);
        onEvent(event, argument);
      });
    } finally {
      await this.#ended(process);
    }
  }

  #forkOptions(): object {
    const { stdout, argv } = process;
    // A pipe is no terminal, so a worker can't know.
    const hasColors = argv.some((word) => /^--colors?$/.test(word)) || (stdout.isTTY && stdout.hasColors());
    const colors = hasColors ? { FORCE_COLOR: '1' } : {};
    return {
      env: { ...process.env, JEST_WORKER_ID: String(this.id), ...colors },
      execArgv: process.execArgv.filter((flag) => !/^--(debug|inspect)/.test(flag)),
      serialization: 'json',
      stdio: 'pipe',
    };
  }

  async #ended(process: Process): Promise<void> {
    const { worker, conversation } = process;
    worker.ended();
    const { workerIdleMemoryLimit: limit } = this.parts.globalConfig;
    if (limit == null) return;
    const heapBytes = limit === 0 ? Number.POSITIVE_INFINITY : await conversation.heapUsed();
    if (heapBytes > (limit > 1 ? limit : limit * totalmem())) await this.end();
  }
}

/** Throws unless Jest would try again after such an end. */
function checkTries(error: WorkerEnded, tries: number): void {
  if (!error.isCrash) throw error;
  if (tries < MOST_TRIES) return;
  throw new Error(`Jest worker encountered ${tries} child process exceptions, exceeding retry limit`, { cause: error });
}
