import { EventEmitter } from 'node:events';
import { relative } from 'node:path';
import type { RunnerTestFile } from 'vitest' with { 'resolution-mode': 'import' };
import type { PoolOptions, PoolWorker, TestProject, Vitest } from 'vitest/node' with { 'resolution-mode': 'import' };
import { AbortError } from '../../common/errors/errors';
import { waitMs } from '../../common/event-loop/timers';
import type { Plan } from '../test-runners/options';
import { complain, SharedTotal } from '../test-runners/shared-total';
import type { TestFile, TestWorker } from '../test-runners/test-worker';
import { type FileError, failedUpdate, unknownFile } from './failed-file';
import {
  isRequest,
  isRpc,
  type Request,
  type Response,
  type RunRequest,
  response,
  type StartRequest,
} from './messages';
import { type Ended, forkWorker, type TestsOfFile, WorkerProcess } from './worker-process';

/** How long workers have to end as Vitest closes, which some do to write a profile. It gives them twice as long by default. */
const CLOSE_TIMEOUT_MS = 5000;

/** The total of each Vitest, with the ends of the processes that are in it. */
const totals = new WeakMap<Vitest, { total: SharedTotal; gone: Set<Promise<void>> }>();

interface Started {
  worker: TestWorker;
  process: WorkerProcess;
  startRequest: StartRequest;
}

type FileSpec = RunRequest['context']['files'][number];

/** What Vitest takes for a worker: it has a process only while a file runs in it, or another one may follow. */
export class CagedWorker implements PoolWorker {
  readonly name = 'caged';
  /** As of the pool `forks`: modules come by a file instead of through the channel. */
  readonly cacheFs = true;
  readonly #emitter = new EventEmitter();
  readonly #project: TestProject;
  #startRequest: StartRequest | undefined;
  #started: Started | undefined;
  /** For the files that were sent last: aborted when Vitest cancels or stops. */
  #stopping = new AbortController();
  /** Calls of Vitest's rpc that are ours. */
  readonly #calls = new Map<string, () => void>();
  #madeCalls = 0;
  #runs = 0;

  constructor(
    private readonly options: PoolOptions,
    private readonly how: { plan: Plan; setupCode: string },
  ) {
    this.#project = options.project;
    // One that nobody listens for would be thrown.
    this.#emitter.on('error', () => undefined);
  }

  on(event: string, callback: (arg: unknown) => void): void {
    this.#emitter.on(event, callback);
  }

  off(event: string, callback: (arg: unknown) => void): void {
    this.#emitter.off(event, callback);
  }

  deserialize(data: unknown): unknown {
    return data;
  }

  /** Finds out whether there can be a cage. The process is started with its first file. */
  async start(): Promise<void> {
    this.#total();
  }

  send(message: unknown): void {
    if (!isRequest(message)) {
      this.#sendRpc(message);
      return;
    }
    switch (message.type) {
      case 'start':
        // The worker is one of the pool `forks`, whatever the pool is called here.
        this.#startRequest = { ...message, context: { ...message.context, pool: 'forks' } };
        this.#answerLater(response('started'));
        break;
      case 'run':
      case 'collect':
        void this.#run(message);
        break;
      case 'stop':
        void this.#tearDown(message).then((answer) => this.#answerLater(answer));
        break;
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new AbortError(undefined));
    await this.#end();
  }

  #sendRpc(message: unknown): void {
    if (!isRpc(message)) return;
    if (message.t === 's' && message.i !== undefined) {
      const answered = this.#calls.get(message.i);
      this.#calls.delete(message.i);
      if (answered !== undefined) {
        answered();
        return;
      }
    }
    if (message.m === 'onCancel') this.#stopping.abort(new AbortError(undefined));
    this.#started?.process.send(message);
  }

  /** Vitest sends several files at once to a worker that is not isolated. Each is a run of its own, so that each fails alone. */
  async #run(request: RunRequest): Promise<void> {
    this.#stopping = new AbortController();
    let error: unknown;
    let usedMemory: number | undefined;
    try {
      for (const spec of request.context.files) {
        const answer = await this.#runUnlessCancelled(request, spec);
        error ??= answer?.error;
        usedMemory = answer?.usedMemory ?? usedMemory;
      }
    } catch (reason) {
      this.#emitter.emit('error', reason);
      return;
    }
    const more = { ...(error !== undefined && { error }), ...(usedMemory !== undefined && { usedMemory }) };
    this.#emitter.emit('message', response('testfileFinished', more));
  }

  async #runUnlessCancelled(request: RunRequest, spec: FileSpec): Promise<Response | undefined> {
    try {
      return await this.#runFile(request, spec);
    } catch (error) {
      if (!(error instanceof AbortError)) throw error;
    }
    const { filepath } = spec;
    this.#project.vitest.state.cancelFiles([{ filepath } as FileSpec], this.#project);
    return undefined;
  }

  /** @returns the answer of the worker; undefined if the file has failed because its worker has ended */
  async #runFile(request: RunRequest, spec: FileSpec): Promise<Response | undefined> {
    const file = this.#testFile(spec.filepath);
    const { signal } = this.#stopping;
    for (let alone = false; ; alone = true) {
      signal.throwIfAborted();
      const started = await this.#startFor(file, alone);
      // A worker heeds a cancel only while it runs a file.
      signal.throwIfAborted();
      const { worker, process } = started;
      const answer =
        'ended' in started ? { ended: started.ended } : await process.run(this.#requestFor(request, spec, started));
      if ('response' in answer) {
        if (request.type === 'run') worker.ended();
        return answer.response;
      }
      const { tests } = process;
      this.#started = undefined;
      const verdict = await worker.verdict([...tests.running.values()].join(', ') || undefined);
      if (verdict?.again === true) {
        complain(verdict.message);
        continue;
      }
      // One that could not be started says why.
      if (answer.ended.error !== undefined) throw answer.ended.error;
      await this.#fail(spec, tests, verdict === undefined ? unexpected(answer.ended) : killed(verdict.message));
      return undefined;
    }
  }

  /** A process with room for the file: the one that there is, or a new one. */
  async #startFor(file: TestFile, alone: boolean): Promise<Started & { ended?: Ended }> {
    if (this.#started !== undefined && !alone) {
      if (this.#started.process.isRunning && this.#started.worker.next(file)) return this.#started;
      await this.#tearDown({ __vitest_worker_request__: true, type: 'stop' } as Request);
      await this.#end();
    }
    const { plan } = this.how;
    const { vitest } = this.#project;
    const startRequest = this.#startRequest;
    if (startRequest === undefined) throw new Error('Vitest has not started this worker');
    const { total, gone } = this.#total();
    const worker = await total.worker(file, {
      plan,
      alone,
      signal: this.#stopping.signal,
      start: (cage, limits) => forkWorker(cage, limits, this.options),
    });
    gone.add(worker.gone);
    void worker.gone.finally(() => gone.delete(worker.gone));
    const process = new WorkerProcess(worker.child, vitest, (message) => this.#emitter.emit('message', message));
    const started = { worker, process, startRequest };
    this.#started = started;
    const answer = await process.start(startRequest);
    if ('ended' in answer) return { ...started, ended: answer.ended };
    if (answer.response.error !== undefined) throw notStarted(answer.response.error);
    worker.ready();
    return started;
  }

  /** Has the process, if there is one, end what it has set up. */
  async #tearDown(request: Request): Promise<Response> {
    const answer = await this.#started?.process.tearDown(request);
    return answer !== undefined && 'response' in answer ? answer.response : response('stopped');
  }

  /** Ends the process, if there is one, and all that it started. */
  async #end(): Promise<void> {
    const started = this.#started;
    this.#started = undefined;
    if (started === undefined) return;
    await started.process.end();
    await started.worker.gone;
  }

  #answerLater(answer: Response): void {
    setImmediate(() => this.#emitter.emit('message', answer));
  }

  /** Tells Vitest that the file has failed, as a worker would have told it. */
  async #fail(spec: FileSpec, tests: TestsOfFile, error: FileError): Promise<void> {
    const { vitest, config } = this.#project;
    let file = this.#fileTask(spec.filepath);
    if (file === undefined) {
      file = this.#unknownFile(spec.filepath);
      await this.#call('onQueued', file);
    }
    const { packs, events } = failedUpdate(file, tests, error);
    await this.#call('onTaskUpdate', packs, events);
    const { bail = 0 } = config;
    if (bail > 0 && vitest.state.getCountOfFailedTests() >= bail) await this.#call('onCancel', 'test-failure');
  }

  #fileTask(filepath: string): RunnerTestFile | undefined {
    const { vitest, name } = this.#project;
    return vitest.state
      .getFiles([filepath])
      .find((file) => (file.projectName ?? '') === name && file.pool !== 'typescript');
  }

  #unknownFile(filepath: string): RunnerTestFile {
    const { name, config } = this.#project;
    const { taskId: id } = this.#project.createSpecification(filepath);
    return unknownFile({ id, name: relative(config.root, filepath), filepath, projectName: name, pool: this.name });
  }

  #call(method: string, ...args: unknown[]): Promise<void> {
    this.#madeCalls += 1;
    const id = `memcage-${this.#madeCalls}`;
    return new Promise((resolve) => {
      this.#calls.set(id, resolve);
      this.#emitter.emit('message', { t: 'q', i: id, m: method, a: args });
    });
  }

  /** To run one file, our setup file before it. */
  #requestFor(request: RunRequest, spec: FileSpec, { startRequest: { context } }: Started): RunRequest {
    this.#runs += 1;
    // Vite has no say in a data: URL, wherever memcage is installed, and Node runs each of them once.
    const setupFile = `data:text/javascript,${encodeURIComponent(this.how.setupCode)}#${this.#runs}`;
    const config = { ...context.config, setupFiles: [setupFile, ...context.config.setupFiles] };
    // Not in the type: a worker puts what it is to run over what it was started with.
    return { ...request, context: { ...request.context, ...{ config }, files: [spec] } };
  }

  #testFile(filepath: string): TestFile {
    const { name: project, vitest } = this.#project;
    const name = relative(vitest.config.root, filepath);
    return { key: project === '' ? name : `${project}|${name}`, name };
  }

  /** @throws why there can be none */
  #total(): { total: SharedTotal; gone: Set<Promise<void>> } {
    const { vitest } = this.#project;
    const total = SharedTotal.join(this.how.plan, vitest, vitest.config.root);
    const known = totals.get(vitest);
    if (known?.total === total) return known;
    const made = { total, gone: new Set<Promise<void>>() };
    totals.set(vitest, made);
    vitest.onClose(async () => {
      await Promise.race([Promise.all(made.gone), waitMs(CLOSE_TIMEOUT_MS, { keepsAlive: false })]);
      await total.leave(vitest);
    });
    return made;
  }
}

function killed(message: string): FileError {
  return { name: 'MemoryLimitError', message, stack: '' };
}

function unexpected({ code, signal }: Ended): FileError {
  const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
  return { name: 'Error', message: `The worker ended unexpectedly, ${how}`, stack: '' };
}

/** What a worker says in an answer is no Error. */
function notStarted(cause: unknown): Error {
  const { message } = Object(cause) as { message?: unknown };
  return new Error(`The worker could not get ready: ${String(message ?? cause)}`, { cause });
}
