import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { MemcageError } from '../../index';

/** What memcage uses of the Jest that runs. */
export interface JestPackages {
  /** The program of a process of jest-worker. */
  process: string;
  /** What a worker of jest-runner does, which that program loads. */
  work: string;
  /** Makes a value of what jest-worker sends where JSON fails: functions, cycles. */
  unpack: (data: unknown) => unknown;
}

/**
 * Those of the Jest that the first of these modules can see, or is of.
 *
 * Only `jest` itself is where memcage, or a user's project, can see it. The other packages are where Jest can, which pnpm keeps
 * apart.
 */
export function findJestPackages(modules: readonly string[]): JestPackages {
  const runner = modules.map(runnerFrom).find((file) => file !== undefined);
  if (runner === undefined) throw noJest(modules.at(-1), 'can see no package jest');
  const { resolve } = createRequire(runner);
  const ofWorker = createRequire(resolve('jest-worker'));
  const packages = {
    process: join(dirname(ofWorker.resolve('./index.js')), 'processChild.js'),
    work: join(dirname(runner), 'testWorker.js'),
  };
  const missing = Object.values(packages).find((file) => !existsSync(file));
  if (missing !== undefined) throw noJest(missing, `finds no ${missing}`);
  const { deserialize } = ofWorker('@ungap/structured-clone') as { deserialize: JestPackages['unpack'] };
  return { ...packages, unpack: deserialize };
}

/** The main file of jest-runner as Jest sees it, where Jest is what the module `from` sees. */
function runnerFrom(from: string): string | undefined {
  if (!existsSync(from)) return undefined;
  let at = realpathSync(from);
  for (const name of ['jest', '@jest/core']) at = resolveFrom(at, name) ?? at;
  return resolveFrom(at, 'jest-runner');
}

function resolveFrom(file: string, name: string): string | undefined {
  try {
    return createRequire(file).resolve(name);
  } catch {
    return undefined;
  }
}

function noJest(path: string | undefined, what: string): MemcageError {
  const message = `memcage/jest ${what}. It needs Jest 30 in the project: npm install --save-dev jest@30`;
  return new MemcageError('ERR_MEMCAGE_NO_PACKAGE', message, { path });
}
