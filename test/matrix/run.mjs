// Usage: run.mjs [--stale] [PART...] (by ./run)
// Runs the whole matrix, or these parts of it (parts.mjs), and writes after each part what was seen to test/matrix/tested.md. A part
// that was not run keeps the rows that it had. Tests that were unstable are told at the end, and in
// build/matrix/unstable.txt. With --stale it runs those whose rows are older than the last change of what they prove, the
// oldest first, for an hour: call it again to go on. Exit code 1 when one of them fails.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readRuns, testFiles } from '../../.ci/summary/read.mjs';
import { knownUnstable, readUnstable, retried, unstableLines } from '../../.ci/summary/unstable.mjs';
import { parts, record, results } from './parts.mjs';
import { knownRows, readRows, replaced, writeRows } from './tested.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A part begins only if it ended within this time when it last ran. */
const PIECE_MINUTES = 60;

const git = (...args) =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
const commit = git('rev-parse', '--short=8', 'HEAD');

function chosen(names) {
  const unknown = names.find((name) => !parts.some((part) => part.name === name));
  if (unknown !== undefined) {
    throw new Error(
      `There is no part ${unknown} of the matrix: choose from ${parts.map(({ name }) => name).join(', ')}`,
    );
  }
  return names.length === 0 ? parts : parts.filter(({ name }) => names.includes(name));
}

/** The oldest first. */
function stale(all) {
  const dates = new Map();
  for (const part of all) {
    const rows = knownRows().filter(({ run }) => part.rows.test(run));
    const isOld = rows.length === 0 || rows.some((row) => hasFailed(row) || isStale(row.commit, part.proves));
    if (isOld) dates.set(part, rows.map(({ when }) => when).sort()[0] ?? '');
  }
  return [...dates].sort(([, a], [, b]) => a.localeCompare(b)).map(([part]) => part);
}

const hasFailed = ({ failed }) => failed !== '' && failed !== '0';

/** What no commit is known of is stale. */
function isStale(since, paths) {
  try {
    return git('log', '--format=%h', '-1', `${since || 'none'}..HEAD`, '--', ...paths) !== '';
  } catch {
    return true;
  }
}

async function run(part) {
  const { name, command, ownRun = false } = part;
  console.log(`=== ${name}: ${command.join(' ')}`);
  rmSync(results, { recursive: true, force: true });
  mkdirSync(results, { recursive: true });
  const started = performance.now();
  const [file, ...args] = command;
  const stdio = ['ignore', 'inherit', 'inherit'];
  const { MEMCAGE_TEST_RESULTS: _, ...env } = process.env;
  const child = spawn(file, args, { cwd: root, stdio, env: ownRun ? env : { ...env, MEMCAGE_TEST_RESULTS: results } });
  const [status, signal] = await once(child, 'close');
  if (ownRun) appendFileSync(join(results, 'runs.tsv'), `${name}\t${status ?? signal}\n`);
  const minutes = Math.ceil((performance.now() - started) / 60_000);
  const rows = readRows(results).map((row) => ({ ...row, minutes, commit }));
  writeRows(replaced(knownRows(), part, rows));
  noteUnstable();
  return status === 0;
}

/** The next part removes its results. */
function noteUnstable() {
  const seen = [...readUnstable(results), ...retried(readRuns(results).flatMap(testFiles))];
  const { names } = knownUnstable(readFileSync(join(root, 'test/unstable.md'), 'utf8'));
  const lines = unstableLines(seen, names);
  appendFileSync(join(record, 'unstable.txt'), lines.map((line) => `${commit} ${line}\n`).join(''));
  unstable.push(...lines);
}

/** How long the part took when it last ran. */
const minutesOf = (part) =>
  Math.max(
    0,
    ...knownRows()
      .filter(({ run: name }) => part.rows.test(name))
      .map(({ minutes }) => Number(minutes)),
  );

const words = process.argv.slice(2);
const isPiece = words[0] === '--stale';
const wanted = isPiece ? stale(chosen(words.slice(1))) : chosen(words);
const began = performance.now();
const failed = [];
const left = [];
const unstable = [];
for (const part of wanted) {
  const spent = (performance.now() - began) / 60_000;
  if (isPiece && part !== wanted[0] && spent + minutesOf(part) > PIECE_MINUTES) left.push(part.name);
  else if (!(await run(part))) failed.push(part.name);
}

for (const line of unstable) console.log(line);
if (left.length > 0) console.log(`left for the next piece: ${left.join(', ')}`);
for (const name of failed) console.log(`failed: ${name}`);
if (failed.length > 0) process.exitCode = 1;
