import { relative } from 'node:path';
import { complain } from '../test-runners/shared-total';
import type { TestFile } from '../test-runners/test-worker';
import type { Emitter } from './emitter';
import type { JestContext, JestTest, JestWatcher } from './jest-types';
import { Slot, type SlotParts } from './slot';

export interface RunParts extends Omit<SlotParts, 'setup' | 'signal'> {
  context: JestContext;
  emitter: Emitter;
  watcher: JestWatcher;
}

/** Runs test files in caged workers, from the first to the last. */
export class CagedRun {
  readonly #stop = new AbortController();
  readonly #queue: JestTest[];
  readonly #setup: object;

  constructor(
    private readonly parts: RunParts,
    tests: readonly JestTest[],
  ) {
    this.#queue = [...tests];
    this.#setup = { serializableResolvers: resolversOf(tests) };
  }

  /** @param most how many at a time. Never rejects: each file has a result or a failure, unless the run was interrupted. */
  async run(most: number): Promise<void> {
    const interrupted = new Promise<void>((resolve) => {
      this.parts.watcher.on('change', (state) => {
        if (state.interrupted) resolve();
      });
    });
    const { signal } = this.#stop;
    const slots = Array.from(
      { length: Math.min(most, this.#queue.length) },
      (_, index) => new Slot(index + 1, { ...this.parts, setup: this.#setup, signal }),
    );
    const works = Promise.all(slots.map((slot) => this.#work(slot)));
    await Promise.race([works, interrupted]);
    this.#queue.length = 0;
    this.#stop.abort(new Error('The run was interrupted'));
    await works;
    warnOf(slots);
  }

  async #work(slot: Slot): Promise<void> {
    for (let test = this.#next(); test !== undefined; test = this.#next()) await this.#runFile(slot, test);
    await slot.end();
  }

  /** Jest starts a runner even if the run was interrupted in the one before, and nothing changes then. */
  #next(): JestTest | undefined {
    return this.parts.watcher.isInterrupted() ? undefined : this.#queue.shift();
  }

  async #runFile(slot: Slot, test: JestTest): Promise<void> {
    const { emitter } = this.parts;
    const onEvent = (event: string, argument: unknown): void => void emitter.emit(event, argument);
    const onStart = (): Promise<void> => emitter.emit('test-file-start', [test]);
    const run = { test, file: this.#fileOf(test), payload: this.#payloadOf(test), onEvent, onStart };
    const end = await slot.run(run).then(
      (result) => ({ event: 'test-file-success', argument: [test, result] }),
      (error: unknown) => ({ event: 'test-file-failure', argument: [test, error] }),
    );
    if (!this.#stop.signal.aborted) await emitter.emit(end.event, end.argument);
  }

  #fileOf({ path, context: { config } }: JestTest): TestFile {
    const { rootDir } = this.parts.globalConfig;
    const name = relative(rootDir, path);
    return { key: `${config.displayName?.name ?? relative(rootDir, config.rootDir)}:${name}`, name };
  }

  /** As jest-runner makes it. */
  #payloadOf({ path, context: { config } }: JestTest): object {
    const { globalConfig, context } = this.parts;
    const { changedFiles, sourcesRelatedToTestsInChangedFiles } = context;
    return {
      config,
      context: {
        ...context,
        changedFiles: changedFiles && [...changedFiles],
        sourcesRelatedToTestsInChangedFiles: sourcesRelatedToTestsInChangedFiles && [
          ...sourcesRelatedToTestsInChangedFiles,
        ],
      },
      globalConfig,
      path,
    };
  }
}

/** What a worker resolves modules by, for each project once. */
function resolversOf(tests: readonly JestTest[]): object[] {
  const contexts = new Map(tests.map(({ context }) => [context.config.id, context]));
  return Array.from(contexts.values(), ({ config, moduleMap }) => ({
    config,
    serializableModuleMap: moduleMap.toJSON(),
  }));
}

function warnOf(slots: readonly Slot[]): void {
  const count = slots.reduce((sum, { forcedExits }) => sum + forcedExits, 0);
  if (count === 0) return;
  complain(
    `${count} ${count === 1 ? 'worker has' : 'workers have'} not ended and had to be killed: a test may have left a timer or a ` +
      'server behind. To find it: jest --runner=jest-runner --detectOpenHandles',
  );
}
