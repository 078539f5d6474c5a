import { fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * @typedef {object} Run
 * @property {string} root of the project
 * @property {string} directory that is this run's own
 * @property {string[]} without tests that are left out
 */

/** A mutant in a loop may be reached this many times as often as the text that it replaces. */
const HITS = 100;
/** What has killed a mutant with which a test hangs, or ends its process. */
export const NO_ANSWER = 'no answer';
/** The longest that tests of one mutant may say nothing. */
const PATIENCE_MS = 60_000;
/** The same without a mutant: longer than any of them may take, so that the one that hangs tells of itself. */
const MEASURE_PATIENCE_MS = 120_000;

/**
 * Runs all tests that import one of the files, without a mutant. Returns what each test file reached.
 *
 * @throws Error when one fails
 */
export async function measure(run, files) {
  const tests = [];
  let last;
  const isDone = await runJest(run, {}, ['--findRelatedTests', ...files], (message) => {
    if ('begin' in message) last = message.begin;
    else tests.push(message);
  });
  if (!isDone)
    throw new Error(`the tests without a mutant did not end: ${last} said nothing for ${MEASURE_PATIENCE_MS} ms`);
  for (const { file, failure } of tests) if (failure) throw new Error(`${file} fails without a mutant: ${failure}`);
  return tests;
}

/** Tries each mutant. Returns what killed it, by its id; null for nothing. */
export async function tryAll(run, mutants, tests) {
  const killedBy = new Map();
  const planned = mutants.map((mutant) => plan(mutant, tests));
  for (const { id, reachedBy } of planned) if (reachedBy.length === 0) killedBy.set(id, null);
  for (;;) {
    const left = planned.filter(({ id }) => !killedBy.has(id));
    if (left.length === 0) return killedBy;
    const files = [...new Set(left.flatMap(({ reachedBy }) => reachedBy.map(({ file }) => file)))];
    let last;
    const isDone = await runJest(run, { mutants: left }, ['--runTestsByPath', ...files], (message) => {
      if ('begin' in message) last = message.begin;
      else killedBy.set(message.id, message.killedBy);
    });
    // It hangs, or has ended its process.
    if (!isDone && last !== undefined && !killedBy.has(last)) killedBy.set(last, NO_ANSWER);
    else if (last === undefined) throw new Error('Jest did not begin with the mutants');
  }
}

/** Which tests to run for a mutant; likely killers first. Of what runs when a file is loaded, any test may be the killer. */
function plan({ id, file }, tests) {
  const home = dirname(file).replace(/^lib/, 'test/pure');
  const name = basename(file, '.ts');
  const reachedBy = [];
  let hits = 0;
  for (const test of tests) {
    const { static: atLoad, perTest } = test.coverage;
    const names = Object.keys(perTest).filter((each) => perTest[each][id] !== undefined);
    hits += (atLoad[id] ?? 0) + names.reduce((sum, each) => sum + perTest[each][id], 0);
    const distance = test.file === `${home}/${name}.test.ts` ? 0 : dirname(test.file) === home ? 1 : 2;
    if (atLoad[id] !== undefined) reachedBy.push({ file: test.file, distance, ms: test.ms });
    else if (names.length > 0) reachedBy.push({ file: test.file, names, distance, ms: test.ms });
  }
  reachedBy.sort((a, b) => a.distance - b.distance || a.ms - b.ms);
  // A test may notice what another one, which reaches the mutant, has left in a module.
  const whole = reachedBy.filter(({ names }) => names !== undefined).map((each) => ({ file: each.file }));
  return { id, hitLimit: hits * HITS, reachedBy: [...reachedBy, ...whole] };
}

/** Resolves to whether it has done all that was planned. */
function runJest({ root, directory, without }, todo, args, heard) {
  writeFileSync(join(directory, 'plan.json'), JSON.stringify(todo));
  // A mutant may leave what its test would have removed.
  const temporary = join(directory, 'tmp');
  mkdirSync(temporary, { recursive: true });
  const env = {
    ...process.env,
    TMPDIR: temporary,
    MEMCAGE_MUTATION_DIRECTORY: directory,
    MEMCAGE_MUTATION_WITHOUT: JSON.stringify(without),
  };
  const all = ['--config', 'test/mutation/jest.config.js', '--runInBand', '--silent', '--passWithNoTests', ...args];
  const child = fork('node_modules/jest/bin/jest.js', all, { cwd: root, env, silent: true });
  let written = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      written = (written + text).slice(-10_000);
    });
  }
  let messages = 0;
  let isDone = false;
  const patienceMs = todo.mutants === undefined ? MEASURE_PATIENCE_MS : PATIENCE_MS;
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  child.on('message', (message) => {
    timer.refresh();
    messages += 1;
    if (message.isDone) isDone = true;
    else heard(message);
  });
  return new Promise((resolve, reject) => {
    child.on('close', (code) => {
      clearTimeout(timer);
      if (messages > 0) resolve(isDone);
      // There was no test.
      else if (code === 0) resolve(true);
      else reject(new Error(`Jest ended with ${code}: ${written}`));
    });
  });
}
