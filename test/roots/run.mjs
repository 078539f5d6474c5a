// Usage: run.mjs [ROOT...] (by `npm run test:roots`)
// Runs the smoke suite on the packed package in root file
// systems of these Debians, with each official Node, and in one with musl (bookworm, trixie, bullseye, musl). Run it as
// root. Leaves the counts as root-ROOT.json in MEMCAGE_TEST_RESULTS, if that is set. Exit code 1 when a check fails.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execute, isInterrupted, start } from '../packed/children.mjs';
import { installPackage } from '../packed/install.mjs';
import { record } from '../packed/record.mjs';
import { flaws, nothingRead, readLine } from '../packed/tap.mjs';
import { surroundings } from '../support/surroundings.cjs';
import { loadAlone } from './load-alone.mjs';
import { muslRuntimes, officialNodes } from './runtimes.mjs';

const here = import.meta.dirname;

/** With this code `make` says that the archive does not have the suite. */
const NO_SUCH_SUITE = 3;

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

function parse(names) {
  const unknown = names.find((name) => !(name in ROOTS));
  if (unknown !== undefined) {
    throw new Error(`There is no root file system ${unknown} here: choose from ${Object.keys(ROOTS).join(', ')}`);
  }
  return names.length > 0 ? names : Object.keys(ROOTS);
}

/** Runs a command in a root file system, and counts the lines in which it says how a check went. */
async function count(name, command) {
  console.log(`=== ${name}`);
  const seen = nothingRead();
  let runtime;
  const started = Date.now();
  const child = start(...command, { stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface({ input: child.stdout }).on('line', (line) => {
    console.log(`${name} | ${line}`);
    readLine(line, seen);
    runtime ??= /^# ((?:Node|Bun) \S+)$/.exec(line)?.[1];
  });
  const [status, signal] = await once(child, 'close');
  const wrong = flaws(seen, status, signal);
  for (const flaw of wrong) console.log(`=== ${name}: failed: ${flaw}`);
  const counts = { passed: seen.passed.length, failed: seen.failed.length + wrong.length, runtime };
  console.log(`=== ${name}: ${counts.passed} passed, ${counts.failed} failed, in ${(Date.now() - started) / 1000} s`);
  return counts;
}

/** Whether all went well. */
async function runAll(name, home) {
  const { runs, optional = false } = ROOTS[name];
  const made = await execute(join(here, 'make'), [name]);
  if (optional && made.status === NO_SUCH_SUITE) {
    console.log(`=== ${name}: not to be had`);
    return true;
  }
  if (made.status !== 0) return false;
  const directory = made.stdout.trim();
  const all = [];
  for (const { name: what, runtime, command } of runs(home)) {
    if (isInterrupted()) return false;
    const enter = [join(here, 'enter'), directory, home, runtime];
    const words = ['--mount', '--propagation', 'private', ...enter, ...command];
    all.push(await count(`${name}, ${what}`, ['unshare', words]));
  }
  const sum = (key) => all.reduce((sofar, each) => sofar + each[key], 0);
  const counts = { passed: sum('passed'), failed: sum('failed') };
  record(`root-${name}`, counts, surroundingsIn(directory, all));
  return counts.failed === 0;
}

function surroundingsIn(directory, all) {
  // "Node" is the heading of the column.
  const node = all.flatMap(({ runtime }) => runtime?.replace('Node ', '') ?? []).join(', ');
  const seen = surroundings({ machine: 'host', node, root: directory });
  return { ...seen, distribution: seen.distribution === 'unknown' ? 'musl and BusyBox' : seen.distribution };
}

const names = parse(process.argv.slice(2));
const home = mkdtempSync(join(tmpdir(), 'memcage-roots-'));
process.on('exit', () => rmSync(home, { recursive: true, force: true }));

installPackage(home);
for (const name of names) if (!isInterrupted() && !(await runAll(name, home))) process.exitCode = 1;
