// A run of a program with a name, by itself or beside others.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '..');

/**
 * Resolves to whether it has ended well. Where it runs beside others (in a place of its own, of beside.mjs, it does), each line of
 * what it says has its name. How it has ended is added to runs.tsv of MEMCAGE_TEST_RESULTS, where that is set: for .ci/summary.mjs.
 */
export async function namedRun({ name, command, env = process.env, place, isBeside = place !== undefined }) {
  const [file, ...args] = [...(place?.command ?? []), ...command];
  const stdio = isBeside ? ['ignore', 'pipe', 'pipe'] : 'inherit';
  const child = spawn(file, args, { cwd: root, stdio, env: { ...env, ...place?.env } });
  for (const input of [child.stdout, child.stderr]) {
    if (input !== null) createInterface({ input }).on('line', (line) => console.log(`${name} | ${line}`));
  }
  const [status, signal] = await once(child, 'close');
  place?.remove();
  const { MEMCAGE_TEST_RESULTS: results } = process.env;
  if (results !== undefined) appendFileSync(join(results, 'runs.tsv'), `${name}\t${status ?? signal}\n`);
  if (status !== 0) console.log(`=== ${name}: ended with ${status ?? signal}`);
  return status === 0;
}

/** Calls it for each, so many at once; resolves to whether all were true. */
export async function allWell(items, atOnce, run) {
  const queue = [...items];
  let isWell = true;
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (!(await run(next))) isWell = false;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return isWell;
}
