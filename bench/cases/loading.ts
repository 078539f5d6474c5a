import { spawnSync as stockSpawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { byTurns, type Measure } from '../support/by-turns';
import type { Case } from '../support/case';
import { milliseconds } from '../support/stats';

/** The package that the bench itself imports. */
const INDEX = require.resolve('memcage');

/** Without what has Node itself do more at its start, which would make the share of memcage look small. */
const { NODE_EXTRA_CA_CERTS: _certificates, NODE_OPTIONS: _options, ...ENV } = process.env;

function node(...args: string[]): string {
  const { status, stdout, stderr } = stockSpawnSync(process.execPath, args, { encoding: 'utf8', env: ENV });
  if (status !== 0) throw new Error(`node ${args.join(' ')}: exit code ${status}, ${stderr}`);
  return stdout;
}

/** Runs a whole program, to its end. */
function whole(...args: string[]): Measure {
  return () => {
    const called = process.hrtime.bigint();
    node(...args);
    return milliseconds(called, process.hrtime.bigint());
  };
}

/** How long one statement takes in a new process. */
function within(statement: string): Measure {
  return () => Number(node('-p', `const before = performance.now(); ${statement}; performance.now() - before`));
}

export const loading: Case = {
  name: 'loading',
  async run({ quick }) {
    const calls = {
      loaded: within(`require(${JSON.stringify(INDEX)})`),
      bare: whole('-e', '0'),
      run: whole(join(dirname(INDEX), 'cli.js'), 'run', '--', 'true'),
    };
    const { loaded, bare, run } = await byTurns(calls, { count: quick ? 21 : 101, warmUp: 3, block: 1 });
    const ratio = run / bare;
    return [
      { measure: "require('memcage')", value: `${loaded.toFixed(1)} ms`, figure: loaded, bound: 6 },
      {
        measure: 'memcage run -- true / node -e 0',
        value: `${run.toFixed(1)} / ${bare.toFixed(1)} ms = ${ratio.toFixed(2)}`,
        figure: ratio,
        bound: 3.3,
      },
    ];
  },
};
