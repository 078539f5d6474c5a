import { existsSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

const PRELOAD = join(import.meta.dirname, 'preload.cjs');

/** V8 makes its heap smaller than stock where it may use less than 15 GiB. A limit above the machine's memory is one too. */
const MEMORY = '16G';

/** Environment of a suite. Both ways have the same, but for what contains the processes. */
export function environmentOf(way, { node, log, mark }) {
  const { NODE_OPTIONS: _, FORCE_COLOR: __, NODE_TEST_CONTEXT: ___, ...rest } = process.env;
  // A suite may count on names of its own, and memcage's tests have settings that are not meant for it.
  const kept = Object.entries(rest).filter(([name]) => !/^(npm_|JEST_|MEMCAGE_TEST)/.test(name));
  const env = {
    ...Object.fromEntries(kept),
    // A program called `node`, or a script with `#!/usr/bin/env node`, gets the same version.
    PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
    MEMCAGE_SUITES_MARK: mark,
  };
  if (way === 'stock') return env;
  return {
    ...env,
    NODE_OPTIONS: `--require=${JSON.stringify(PRELOAD)}`,
    MEMCAGE_SUITES_LOG: log,
    MEMCAGE_SUITES_MEMORY: MEMORY,
  };
}

/** How many Node processes of the suite were in a cage when they began. */
export function countCaged(log) {
  if (!existsSync(log)) return 0;
  const count = readFileSync(log, 'latin1')
    .split('\n')
    .filter((line) => line === 'caged').length;
  rmSync(log);
  return count;
}
