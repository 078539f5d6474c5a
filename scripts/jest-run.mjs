// Runs Jest somewhere under a name, and judges what fails there: a test that passes five times of five when it is run
// again is unstable, and does not fail the run. Whatever can be more than a test's bad luck always does.
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { execute, noteEnd } from './named-run.mjs';

const root = join(import.meta.dirname, '..');

/** How often a failed test runs again. */
const TIMES = 5;
/** With more failed tests than that, something is broken. */
const MOST = 4;

/** What Jest says of a test that did not end, and test/support/rows.ts of a row: a hang, not bad luck. */
const HANG = /Exceeded timeout of|^not done within \d+ ms$/m;

const CRASHES = String.raw`SIG(ABRT|BUS|FPE|ILL|SEGV|TRAP)\b`;
/** What test/support/fixture.ts says of a program that has crashed, and Jest of such an end where the test expects another. */
const CRASH = new RegExp(String.raw`ended with ${CRASHES}|^\s*(\+|Received:).*"${CRASHES}`, 'm');

/**
 * `command` makes the command line of Jest with these words there, `makePlace` a new place for each run (beside.mjs).
 * Resolves to whether the run is well. With MEMCAGE_TEST_RESULTS it leaves Jest's results there as NAME.json, and a line
 * for each unstable test in unstable.tsv (run, path, name, message); without it, nothing runs again.
 *
 * @param {object} run
 * @param {string} run.name
 * @param {(words: string[]) => string[]} run.command
 * @param {string[]} [run.words] of Jest, which select the tests
 * @param {() => object | undefined} [run.makePlace]
 * @param {NodeJS.ProcessEnv} [run.env]
 * @param {boolean} [run.isBeside]
 */
export async function jestRun({ name, command, words = [], makePlace = () => undefined, ...rest }) {
  const { MEMCAGE_TEST_RESULTS: results } = process.env;
  const once = (runName, output, selection) => {
    const json = output === undefined ? [] : ['--json', `--outputFile=${output}`];
    return execute({ name: runName, command: command([...json, ...selection]), place: makePlace(), ...rest });
  };
  const output = results === undefined ? undefined : join(results, `${name}.json`);
  if (output !== undefined) for (const path of [output, `${output}.leaks`]) rmSync(path, { force: true });
  const end = await once(name, output, words);
  if (output === undefined || end.failure === undefined) return noteEnd(name, end);

  const { failed, why } = judge(readJson(output), end, readLines(`${output}.leaks`));
  if (why !== undefined) {
    console.log(`=== ${name}: failed, and nothing runs again: ${why}`);
    return noteEnd(name, end);
  }
  const again = join(results, `${name}.again`);
  mkdirSync(again, { recursive: true });
  // A guest's users write there too.
  chmodSync(again, 0o777);
  for (const [index, { path, fullName, message }] of failed.entries()) {
    for (let time = 1; time <= TIMES; time++) {
      console.log(`=== ${name}: again, ${time} of ${TIMES}: ${path} > ${fullName}`);
      const file = join(again, `${index}-${time}.json`);
      // First with the rest of its file, on which it may depend.
      const selection = [...(time === 1 ? [] : [patternOf(fullName)]), '--runTestsByPath', path];
      const { failure, left } = await once(`${name}-again`, file, selection);
      if (failure === undefined && left.length === 0 && (readJson(file)?.numPassedTests ?? 0) > 0) continue;
      console.log(`=== ${name}: failed again: ${path} > ${fullName}`);
      return noteEnd(name, end);
    }
    appendFileSync(join(results, 'unstable.tsv'), `${[name, path, fullName, message].join('\t')}\n`);
  }
  return noteEnd(name, { failure: undefined, left: [] });
}

/** The tests that failed, or why there is more to a failure than these. */
export function judge(results, { failure, left }, leaks) {
  const no = (why) => ({ failed: [], why });
  if (left.length > 0) return no(`it left behind ${left.join('; ')}`);
  if (leaks.length > 0) return no(`it left behind ${leaks.join('; ')}`);
  // Jest itself ends with 1 where a test has failed, and writes its results before it ends.
  if (results === undefined || failure !== 1) return no(`Jest ended with ${failure}: it crashed, or was ended`);
  const files = results.testResults.filter(({ status }) => status === 'failed');
  const failed = [];
  for (const { name, message, assertionResults } of files) {
    const path = relative(root, name);
    const tests = assertionResults.filter(({ status }) => status === 'failed');
    if (tests.length === 0) return no(`${path} failed as a whole: ${oneLine(message)}`);
    for (const { fullName, failureMessages } of tests) {
      const texts = failureMessages.map(stripVTControlCharacters);
      if (texts.some((text) => HANG.test(text))) return no(`${path} > ${fullName} did not end`);
      if (texts.some((text) => CRASH.test(text))) return no(`${path} > ${fullName} saw a crash`);
      failed.push({ path, fullName, message: oneLine(failureMessages[0] ?? '') });
    }
  }
  if (failed.length === 0) return no(`no test failed, but Jest ended with ${failure}`);
  // What a file has left behind (test/setup/environment.ts), an error of afterAll(), one that nobody has caught.
  if (results.numRuntimeErrorTestSuites > 0) return no('a file failed beside its tests');
  if (failed.length > MOST) return no(`${failed.length} tests failed`);
  return { failed };
}

const patternOf = (fullName) => `--testNamePattern=^${fullName.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`;

/** The beginning of a message, for a table. */
export const oneLine = (text) => stripVTControlCharacters(text).replaceAll(/\s+/g, ' ').trim().slice(0, 300);

function readLines(path) {
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
}

/** A run that was killed leaves an empty file, a part of one, or none. */
function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
