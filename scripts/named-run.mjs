// Runs a program under a name, alone or beside others.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '..');

/**
 * Resolves to how it ended: `failure` is its exit status or signal unless it succeeded, `left` is what it left in its
 * place (of beside.mjs), one line each. If it runs beside others, each line of its output begins with its name.
 */
export async function execute({ name, command, env = process.env, place, isBeside = place !== undefined }) {
  const [file, ...args] = [...(place?.command ?? []), ...command];
  const stdio = isBeside ? ['ignore', 'pipe', 'pipe'] : 'inherit';
  const child = spawn(file, args, { cwd: root, stdio, env: { ...env, ...place?.env } });
  for (const input of [child.stdout, child.stderr]) {
    if (input !== null) createInterface({ input }).on('line', (line) => console.log(`${name} | ${line}`));
  }
  const [status, signal] = await once(child, 'close');
  // The runs beside this one go on, whatever happens here.
  const left = (await place?.remove().catch(({ message }) => [`what can't be removed: ${message}`])) ?? [];
  if (status !== 0) console.log(`=== ${name}: ended with ${status ?? signal}`);
  for (const line of left) console.log(`=== ${name}: left behind ${line}`);
  return { failure: status === 0 ? undefined : (status ?? signal), left };
}

/** Adds the end of a run to runs.tsv in MEMCAGE_TEST_RESULTS, if that is set, for the summary of .ci/run. True if it is a good one. */
export function noteEnd(name, { failure, left }) {
  const { MEMCAGE_TEST_RESULTS: results } = process.env;
  const isWell = failure === undefined && left.length === 0;
  const line = [name, isWell ? 0 : (failure ?? 1), left.join('; ')].join('\t');
  if (results !== undefined) appendFileSync(join(results, 'runs.tsv'), `${line}\n`);
  return isWell;
}

/** Resolves to whether the run succeeded and left nothing. */
export async function namedRun(run) {
  return noteEnd(run.name, await execute(run));
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
