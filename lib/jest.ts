/// <reference types="node" preserve="true" />
/**
 * A runner for Jest 30 that runs each test file in a worker in a cage, all of them in a cage around. jest is an optional peer
 * dependency.
 *
 * Experimental: see docs/reference/stability.md.
 *
 * @module memcage/jest
 */
import { join } from 'node:path';
import { MemcageError } from './index';
import { CagedRun } from './programs/jest/caged-run';
import { Emitter } from './programs/jest/emitter';
import { findJestPackages, type JestPackages } from './programs/jest/jest-packages';
import type { JestContext, JestGlobalConfig, JestTest, JestWatcher } from './programs/jest/jest-types';
import { type CagedTestsOptions, type Plan, readPlan } from './programs/test-runners/options';
import { SharedTotal } from './programs/test-runners/shared-total';

export type {
  JestContext,
  JestDisplayName,
  JestGlobalConfig,
  JestModuleMap,
  JestProjectConfig,
  JestTest,
  JestTestContext,
  JestWatcher,
} from './programs/jest/jest-types';
export type { CagedTestsOptions } from './programs/test-runners/options';

/**
 * Options of the runner: `runner: ['memcage/jest', { memory: '400M', total: '4G' }]`, since Jest 30.4.1.
 *
 * @experimental
 */
export interface RunnerOptions extends Omit<CagedTestsOptions, 'memory'> {
  /**
   * The hard limit of each worker, with all that it starts. The worker that reaches it is killed, and its file fails. Default:
   * 1 GiB.
   */
  memory?: CagedTestsOptions['memory'];
}

const DEFAULTS = { memory: '1G' } as const;

/**
 * The runner. Name it in Jest's configuration: Jest makes one, and calls it.
 *
 * ```js
 * // jest.config.mjs
 * export default { runner: 'memcage/jest' };
 * ```
 *
 * @experimental
 */
export default class CagedTestRunner {
  /** Jest asks for that. */
  readonly supportsEventEmitters = true;
  readonly #emitter = new Emitter();
  readonly #plan: Plan;
  readonly #packages: JestPackages;

  /**
   * @throws a MemcageError, TypeError or RangeError when an option is wrong, a setting of Jest can't hold in a cage, or Jest
   * is not found
   */
  constructor(
    private readonly globalConfig: JestGlobalConfig,
    private readonly context: JestContext,
    options: RunnerOptions = {},
  ) {
    refuse(globalConfig);
    this.#plan = readPlan({ ...DEFAULTS, ...options }, 'memcage/jest');
    const [, program = ''] = process.argv;
    this.#packages = findJestPackages([program, join(globalConfig.rootDir, 'package.json')]);
  }

  /** Listen to what Jest's own runner tells: `test-file-start` and so on. */
  on(event: string, listener: (argument: never) => unknown): () => void {
    return this.#emitter.on(event, listener as (argument: unknown) => unknown);
  }

  /**
   * Run the files.
   *
   * @throws a MemcageError, if the cage of all workers can't be made
   */
  async runTests(tests: JestTest[], watcher: JestWatcher, { serial }: { serial: boolean }): Promise<void> {
    const { globalConfig, context } = this;
    const total = SharedTotal.join(this.#plan, this, globalConfig.rootDir);
    const own = { plan: this.#plan, packages: this.#packages, emitter: this.#emitter };
    const run = new CagedRun({ ...own, total, globalConfig, context, watcher }, tests);
    try {
      await run.run(serial ? 1 : globalConfig.maxWorkers);
    } finally {
      await total.leave(this);
    }
  }
}

/** What would run in Jest's own process, which no cage holds. */
function refuse({ detectOpenHandles, workerThreads }: JestGlobalConfig): void {
  if (workerThreads === true) {
    throw unsupported(
      'workerThreads',
      'Threads are in the process of Jest, and no cage holds them: remove workerThreads',
    );
  }
  if (detectOpenHandles) {
    const cure = 'For such a run give Jest its own runner: jest --runner=jest-runner --detectOpenHandles';
    throw unsupported(
      'detectOpenHandles',
      `--detectOpenHandles looks at tests in the process of Jest, which no cage holds. ${cure}`,
    );
  }
}

function unsupported(option: string, message: string): MemcageError {
  return new MemcageError('ERR_MEMCAGE_UNSUPPORTED', message, { option });
}
