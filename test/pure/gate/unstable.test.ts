/** @starts-children Node, which loads modules that Jest can't */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { evaluateModule, Questions } from '../../support/evaluate-module';
import { runRows } from '../../support/rows';

const root = join(__dirname, '../../..');
const RUN = join(root, 'scripts/jest-run.mjs');
const UNSTABLE = join(root, '.ci/summary/unstable.mjs');

const failed = (fullName: string, message = 'Error: expected 1 to be 2') => ({
  fullName,
  status: 'failed',
  failureMessages: [message],
});
const file = (assertionResults: object[], message = '') => ({
  name: join(__dirname, 'a.test.ts'),
  status: 'failed',
  message,
  assertionResults,
});
const results = (...testResults: object[]) => ({ testResults, numRuntimeErrorTestSuites: 0 });

const PATH = 'test/pure/gate/a.test.ts';
const passed = { fullName: 'passes', status: 'passed', failureMessages: [] };

// All are asked before any test runs, and so of one Node.
const questions = new Questions();

function judge(seen: object | undefined, end: object, leaks: string[] = []): () => unknown {
  const words = [seen === undefined ? 'undefined' : JSON.stringify(seen), JSON.stringify(end), JSON.stringify(leaks)];
  return questions.ask(RUN, `it.judge(${words.join(', ')})`);
}

const ended = { failure: 1, left: [] };

const ofTwo = judge(results(file([passed, failed('a test'), failed('another')])), ended);

test('a failed test may run again', () => {
  expect(ofTwo()).toEqual({
    failed: ['a test', 'another'].map((fullName) => ({ path: PATH, fullName, message: 'Error: expected 1 to be 2' })),
  });
});

const ofMissedCrash = judge(results(file([failed('a test', '-   "signal": "SIGABRT",\n+   "signal": null,')])), ended);

test('a crash that was expected and did not come is no crash', () => {
  expect(ofMissedCrash()).toMatchObject({ failed: [{ fullName: 'a test' }] });
});

const UNFORGIVEN: [what: string, seen: object | undefined, end: object, leaks: string[], why: RegExp][] = [
  ['a crash', undefined, { failure: 'SIGSEGV', left: [] }, [], /ended with SIGSEGV/],
  ['a crash at the end', results(file([failed('a test')])), { failure: 139, left: [] }, [], /ended with 139/],
  ['a leak of the run', results(file([failed('a test')])), ended, ['process 7 sleep'], /left behind process 7 sleep/],
  ['what stays in its place', results(file([failed('a')])), { failure: 1, left: ['cgroup /x'] }, [], /cgroup/],
  [
    'a leak of a file',
    { ...results(file([failed('a test')], 'left behind: cgroup /x')), numRuntimeErrorTestSuites: 1 },
    ended,
    [],
    /a file failed beside its tests/,
  ],
  ['a file that fails as a whole', results(file([passed], 'Cannot find module')), ended, [], /as a whole: Cannot find/],
  [
    'a hang',
    results(file([failed('a test', 'thrown: "Exceeded timeout of 30000 ms for a test.')])),
    ended,
    [],
    /a test did not end/,
  ],
  [
    'a crash of a program that a test starts',
    results(file([failed('a test', 'Error: "native/workers.js" ended with SIGABRT: ')])),
    ended,
    [],
    /a test saw a crash/,
  ],
  [
    'a crash instead of another end',
    results(file([failed('a test', '\u001b[31m    +   "signal": "SIGSEGV",\u001b[39m')])),
    ended,
    [],
    /a test saw a crash/,
  ],
  [
    'many failures',
    results(file(Array.from({ length: 9 }, (_, index) => failed(`${index}`)))),
    ended,
    [],
    /9 tests failed/,
  ],
  ['a failure without a failed test', results(), ended, [], /no test failed, but Jest ended with 1/],
];

test.each(UNFORGIVEN.map(([what, seen, end, leaks, why]) => ({ what, why, judged: judge(seen, end, leaks) })))(
  '$what is not forgiven',
  ({ why, judged }) => {
    expect(judged()).toEqual({ failed: [], why: expect.stringMatching(why) });
  },
);

test('a row that hangs is not forgiven', async () => {
  const rows = runRows(['a', 'b'], (row) => (row === 'a' ? new Promise(() => {}) : undefined), { limitMs: 50 });
  const { stack } = await rows.then(
    () => new Error('no row hangs'),
    (error: Error) => error,
  );
  const seen = results(file([failed('a test', stack)]));
  expect(evaluateModule(RUN, `it.judge(${JSON.stringify(seen)}, ${JSON.stringify(ended)}, [])`)).toEqual({
    failed: [],
    why: `${PATH} > a test did not end`,
  });
});

const LISTS: [count: number, flaws: string[]][] = [
  [5, []],
  [6, ['FAILED: test/unstable.md has 6 entries, and 5 are the most: mend some']],
];

const known = (count: number): (() => unknown) => {
  const row = '| 2026-01-01 | a > b | no | nothing |';
  const page = ['| date | test |', '|---|---|', ...Array.from({ length: count }, () => row)].join('\n');
  return questions.ask(UNSTABLE, `it.knownUnstable(${JSON.stringify(page)})`);
};

test.each(LISTS.map(([count, flaws]) => ({ count, flaws, found: known(count) })))(
  'a list of $count unstable tests',
  ({ count, flaws, found }) => {
    expect(found()).toEqual({ names: Array(count).fill('a > b'), flaws });
  },
);

const listed = questions.ask<{ names: string[] }>(
  UNSTABLE,
  `it.knownUnstable(${JSON.stringify(readFileSync(join(root, 'test/unstable.md'), 'utf8'))})`,
);

test('test/unstable.md names each test as the gate does, by a file that is there', () => {
  for (const name of listed().names) {
    const [path = '', ...rest] = name.split(' > ');
    expect({ name, isThere: existsSync(join(root, path)), rest }).toEqual({
      name: expect.stringMatching(/^test\/[\w/-]+\.test\.ts > [^`]+$/),
      isThere: true,
      rest: [expect.any(String)],
    });
  }
});
