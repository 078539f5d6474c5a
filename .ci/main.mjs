// Usage: main.mjs [--all] | --plan [FILE...] (by ./run)
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { secondsOn } from '../scripts/balance.mjs';
import { markTested } from '../scripts/release/tested.mjs';
import { testFiles } from '../scripts/test-files.mjs';
import { changes, seedOfTree } from './plan/changes.mjs';
import { planLines } from './plan/lines.mjs';
import { makePlan } from './plan/plan.mjs';
import { schedule } from './steps/schedule.mjs';
import { STEPS } from './steps/table.mjs';
import { printSummary } from './summary/summary.mjs';

/** A run that hangs must say where, so it ends itself before whoever started it does. */
const LONGEST_SECONDS = 4500;

/** What this run leaves: Jest's results, and which tests were unstable. */
const record = join(import.meta.dirname, '../build/ci');
const results = join(record, 'results');

const NEWEST_NODE = '26';

/** What the plan itself needs, and everything else. */
const FIRST = ['npm packages', 'Debian packages'];

async function plan(files) {
  // It needs the npm packages.
  const importers = files === undefined ? {} : await (await import('./plan/imports.mjs')).readImporters();
  const paths = [...testFiles('integration'), ...testFiles('pure')];
  const tests = paths.map((path) => ({ path, ...traitsOf(path), v2Seconds: secondsOn('v2', path) }));
  return makePlan({ files, importers, tests, seed: seedOfTree() });
}

/** Beside that of makePlan(): what a test file says of itself. */
function traitsOf(path) {
  const text = readFileSync(path, 'utf8');
  return {
    // What needs 'v1' does not run on cgroup v2.
    hasBranch: /'(v2|hybrid|unified|reclaim)'|\bversion [!=]== [12]|isV[12]\b/.test(text),
    pages: [...new Set(text.match(/docs\/[\w/-]+\.md/g))],
    needsSwap: /'(swap|refaults|no-soft-limit)'/.test(text),
  };
}

async function main([option, ...words]) {
  if (option === '--plan') {
    const changed = words.length > 0 ? { files: words } : changes();
    console.log(planLines(await plan(changed.files), changed).join('\n'));
    return;
  }
  if (option !== undefined && option !== '--all') throw new Error('Usage: .ci/run [--all] | --plan [FILE...]');
  const changed = option === '--all' ? { unknown: '--all' } : changes();
  // Whoever reads the output may be gone first.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const started = performance.now();
  const interruption = interruptions();
  rmSync(record, { recursive: true, force: true });
  mkdirSync(results, { recursive: true });

  const seed = seedOfTree();
  process.env.MEMCAGE_TEST_RESULTS = results;
  process.env.MEMCAGE_TEST_SEED = String(seed);
  process.env.MEMCAGE_AS_BUILT = '1';

  const context = {
    packages: process.env.MEMCAGE_CI_PACKAGES.split(' '),
    newest: NEWEST_NODE,
    list,
  };
  const withCommand = (planned) => (step) => ({ ...step, command: step.command({ ...context, ...planned }) });
  const first = STEPS.filter(({ name }) => FIRST.includes(name)).map(withCommand({}));
  let ends = await schedule(first, interruption);
  let isWhole = false;
  if (ends.every(({ status }) => status === 0)) {
    const planned = await plan(changed.files);
    isWhole = planned.changed === undefined;
    if (!isWhole) process.env.MEMCAGE_TEST_CHANGED = resolve(list('changed', planned.changed));
    console.log(`\n${planLines(planned, changed).join('\n')}\n`);
    const runs = new Set(planned.steps.filter(({ why }) => why !== undefined).map(({ name }) => name));
    const rest = STEPS.filter(({ name }) => runs.has(name) && !FIRST.includes(name));
    ends = await schedule(rest.map(withCommand(planned)), interruption, ends);
  }
  const seconds = Math.round((performance.now() - started) / 1000);
  const isGreen = printSummary({ ends, record, seconds, reason: interruption.reason, isWhole });
  // A release needs all.
  if (isGreen && isWhole) markTested();
  // A step may have left something that keeps this process alive.
  process.exit(isGreen ? 0 : 1);
}

/** Path of a file with these lines, since a command line that names hundreds of files can't be read. */
function list(name, lines) {
  const path = join(record, `${name}.list`);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return relative(process.cwd(), path);
}

/** Aborted by a signal, or when the run takes too long. */
function interruptions() {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => controller.abort(signal));
  const tell = () => {
    console.log(`\n=== the run takes longer than ${LONGEST_SECONDS} s. What runs:`);
    console.log(execFileSync('ps', ['-eo', 'pid,ppid,stat,etimes,wchan:24,args', '--forest'], { encoding: 'utf8' }));
    controller.abort(`longer than ${LONGEST_SECONDS} s`);
  };
  setTimeout(tell, LONGEST_SECONDS * 1000).unref();
  return controller.signal;
}

await main(process.argv.slice(2));
