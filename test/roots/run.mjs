// Usage: run.mjs [--as-built] [ROOT...]
// Packs the package, with --as-built from what is already built for it, and runs the smoke suite on it in root file
// systems of these Debians, with each official Node, and in one with musl (bookworm, trixie, bullseye, musl). Run it as
// root. Leaves the counts as root-ROOT.json in MEMCAGE_TEST_RESULTS, if that is set. Exit code 1 when a check fails.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { loadAlone } from './load-alone.mjs';
import { installPackage } from './package.mjs';
import { record } from './record.mjs';
import { muslRuntimes, officialNodes } from './runtimes.mjs';

const here = import.meta.dirname;

/** The run that is under way. */
let current;
let isEnding = false;

const smoke = ({ name, program, directory }) => ({
  name,
  runtime: directory,
  command: [program, '/mnt/package/smoke/main.cjs'],
});

/** In each: what runs there. The archive of an `optional` one, which is old, may be gone. */
const ROOTS = {
  bookworm: { runs: () => officialNodes().map(smoke) },
  trixie: { runs: () => officialNodes().map(smoke) },
  bullseye: { runs: () => officialNodes().map(smoke), optional: true },
  musl: { runs: (home) => [loadAlone(home), ...muslRuntimes().map(smoke)] },
};

function parse(words) {
  const isAsBuilt = words[0] === '--as-built';
  const names = isAsBuilt ? words.slice(1) : words;
  const unknown = names.find((name) => !(name in ROOTS));
  if (unknown !== undefined) {
    throw new Error(`There is no root file system ${unknown} here: choose from ${Object.keys(ROOTS).join(', ')}`);
  }
  return { names: names.length > 0 ? names : Object.keys(ROOTS), isAsBuilt };
}

/** Path of the root file system, or undefined if it can't be made. */
function make(name) {
  const { stdout, status } = spawnSync(join(here, 'make'), [name], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return status === 0 ? stdout.trim() : undefined;
}

/** Runs a command in a root file system, and counts the lines in which it says how a check went. */
async function count(name, command) {
  console.log(`=== ${name}`);
  const counts = { passed: 0, failed: 0, runtime: undefined };
  const started = Date.now();
  current = spawn(...command, { stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface({ input: current.stdout }).on('line', (line) => {
    console.log(`${name} | ${line}`);
    if (line.startsWith('ok ')) counts.passed += 1;
    if (line.startsWith('not ok ')) counts.failed += 1;
    counts.runtime ??= /^# ((?:Node|Bun) \S+)$/.exec(line)?.[1];
  });
  const [status] = await once(current, 'close');
  // It may have ended before the first check.
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  console.log(`=== ${name}: ${counts.passed} passed, ${counts.failed} failed, in ${(Date.now() - started) / 1000} s`);
  return counts;
}

/** Whether all went well. */
async function runAll(name, home) {
  const { runs, optional = false } = ROOTS[name];
  const directory = make(name);
  if (directory === undefined) return optional;
  const all = [];
  for (const { name: what, runtime, command } of runs(home)) {
    if (isEnding) return false;
    const enter = [join(here, 'enter'), directory, home, runtime];
    const words = ['--mount', '--propagation', 'private', ...enter, ...command];
    all.push(await count(`${name}, ${what}`, ['unshare', words]));
  }
  record(name, directory, all);
  return all.every(({ failed }) => failed === 0);
}

const { names, isAsBuilt } = parse(process.argv.slice(2));
const home = mkdtempSync(join(tmpdir(), 'memcage-roots-'));
process.on('exit', () => rmSync(home, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    isEnding = true;
    // The smoke suite ends its checks, and looks for what they have left.
    current?.kill('SIGTERM');
  });
}

installPackage(home, isAsBuilt ? ['--ignore-scripts'] : []);
for (const name of names) if (!isEnding && !(await runAll(name, home))) process.exitCode = 1;
if (isEnding) process.exitCode = 1;
