// Runs a program under a name, alone or beside others.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '..');

/**
 * Resolves to whether the run succeeded. If it runs beside others (as every run in a place of beside.mjs does), each
 * line of its output begins with its name, and what it leaves in its place is a failure. Adds its exit status and what
 * it left to runs.tsv in MEMCAGE_TEST_RESULTS, if that is set, for .ci/summary.mjs.
 */
export async function namedRun({ name, command, env = process.env, place, isBeside = place !== undefined }) {
  const [file, ...args] = [...(place?.command ?? []), ...command];
  const stdio = isBeside ? ['ignore', 'pipe', 'pipe'] : 'inherit';
  const child = spawn(file, args, { cwd: root, stdio, env: { ...env, ...place?.env } });
  for (const input of [child.stdout, child.stderr]) {
    if (input !== null) createInterface({ input }).on('line', (line) => console.log(`${name} | ${line}`));
  }
  const [status, signal] = await once(child, 'close');
  // The runs beside this one go on, whatever happens here.
  const left = (await place?.remove().catch(({ message }) => [`what can't be removed: ${message}`])) ?? [];
  const { MEMCAGE_TEST_RESULTS: results } = process.env;
  const isWell = status === 0 && left.length === 0;
  const end = [name, isWell ? 0 : status || signal || 1, left.join('; ')];
  if (results !== undefined) appendFileSync(join(results, 'runs.tsv'), `${end.join('\t')}\n`);
  if (status !== 0) console.log(`=== ${name}: ended with ${status ?? signal}`);
  for (const line of left) console.log(`=== ${name}: left behind ${line}`);
  return isWell;
}

/** Calls `run` for each item, `atOnce` at a time. Resolves to whether all were true. */
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
