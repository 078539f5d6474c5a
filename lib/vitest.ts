/// <reference types="node" preserve="true" />
/**
 * A pool for Vitest that gives each worker a memory limit. vitest is an optional peer dependency.
 *
 * Experimental: see docs/reference/stability.md.
 *
 * @module memcage/vitest
 */
import { readFileSync } from 'node:fs';
import type { PoolOptions, PoolRunnerInitializer, PoolWorker } from 'vitest/node' with { 'resolution-mode': 'import' };
import { companion } from './common/addon/companion';
import { type CagedTestsOptions, readPlan } from './programs/test-runners/options';
import { CagedWorker } from './programs/vitest/caged-worker';

export type { CagedTestsOptions } from './programs/test-runners/options';

/**
 * A pool of Vitest whose workers are processes, as those of the pool `forks`, each in a cage of its own.
 *
 * ```js no-run
 * // vitest.config.mjs
 * import { caged } from 'memcage/vitest';
 *
 * export default { test: { pool: caged({ memory: '400M', total: '4G' }) } };
 * ```
 *
 * @returns what the option `pool` of Vitest 4 and 5 takes
 * @throws a MemcageError, TypeError or RangeError when an option is wrong
 *
 * @see docs/reference/test-runners.md
 *
 * @experimental
 */
export function caged(options: CagedTestsOptions): PoolRunnerInitializer {
  const plan = readPlan(options, 'caged');
  const setupCode = readFileSync(companion('vitest-setup.mjs'), 'utf8');
  return {
    name: 'caged',
    createPoolWorker: (given: PoolOptions): PoolWorker => new CagedWorker(given, { plan, setupCode }),
  };
}
