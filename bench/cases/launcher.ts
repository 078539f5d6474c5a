import { spawnSync as stockSpawnSync } from 'node:child_process';
import { createLauncher, spawnSync } from 'memcage';
import { byTurns, type Measure } from '../support/by-turns';
import type { Case, Row } from '../support/case';
import { PROGRAM } from '../support/starts';
import { milliseconds } from '../support/stats';

function timed(file: string, args: readonly string[]): Measure {
  return () => {
    const called = process.hrtime.bigint();
    stockSpawnSync(file, args, { stdio: 'ignore' });
    return milliseconds(called, process.hrtime.bigint());
  };
}

export const launcher: Case = {
  name: 'launcher',
  async run({ quick }) {
    const bare = createLauncher({});
    const calls = { stock: timed(PROGRAM, []), launched: timed(bare.file, [...bare.args, PROGRAM]) };
    const { stock, launched } = await byTurns(calls, { count: quick ? 100 : 1000, warmUp: 50, block: 1 });
    const start = launched - stock;
    return [
      { measure: 'what the launcher adds to a start', value: `${start.toFixed(3)} ms`, figure: start, bound: 1 },
      residentSize(),
    ];
  },
};

/** An init lives as long as its program; without one, the launcher is gone by then. */
function residentSize(): Row {
  const { stdout } = spawnSync('grep', ['VmRSS', '/proc/1/status'], {
    encoding: 'utf8',
    namespaces: { pid: { init: true }, mount: true },
  });
  const kib = Number(/\d+/.exec(stdout)?.[0]);
  return { measure: 'resident size of the init', value: `${kib} KiB`, figure: kib, bound: 1024 };
}
