/** @starts-children Node, which loads modules that Jest can't */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Questions } from '../../support/evaluate-module';

const directory = join(__dirname, '../../suites');
const recorded = (way: string): string => readFileSync(join(__dirname, `../../fixtures/suites/${way}.json`), 'utf8');

// Those of the tables are asked before any test runs, and so of one Node.
const questions = new Questions();
const ask = (module: string, expression: string) => questions.ask(join(directory, module), expression);
const evaluate = (module: string, expression: string): unknown => ask(module, expression)();

test('what came out another way is found, also what is missing', () => {
  const maps = `new Map(${recorded('stock')}), new Map(${recorded('contained')})`;
  expect(evaluate('compare.mjs', `it.differences(${maps})`)).toEqual([
    { name: 'fails contained', file: 'a.js', stock: 'pass', contained: 'fail' },
    { name: 'is gone contained', file: 'b.js', stock: 'pass', contained: 'missing' },
    { name: 'passes only contained', file: 'b.js', stock: 'fail', contained: 'pass' },
    { name: 'is only there contained', file: 'c.js', stock: 'missing', contained: 'pass' },
  ]);
});

const AGAIN: [first: boolean, stock: number, contained: number, verdict: string, isDefect: boolean][] = [
  [true, 5, 0, 'fails contained', true],
  [true, 5, 4, 'fails contained', true],
  [true, 5, 5, 'did not come again', false],
  [true, 4, 0, 'comes and goes, stock too', false],
  [true, 0, 5, 'comes and goes, stock too', false],
  [false, 5, 0, 'comes and goes, stock too', false],
  [false, 0, 0, 'fails in both ways', false],
  [false, 0, 5, 'passes only contained', false],
];

test.each(
  AGAIN.map(([first, stock, contained, ...expected]) => {
    const judged = `it.judge(${JSON.stringify({ first, stock, contained, times: 5 })})`;
    return { first, stock, contained, expected, found: ask('compare.mjs', `[${judged}, it.isDefect(${judged})]`) };
  }),
)('a test that was well stock ($first) and is again $stock of 5 times, contained $contained', ({ expected, found }) => {
  expect(found()).toEqual(expected);
});

const ENDS: [outcome: string, stock: string, expected: boolean][] = [
  ['pass', 'pass', true],
  ['pass', 'fail', true],
  ['skip', 'skip', true],
  ['skip', 'pass', false],
  ['fail', 'skip', false],
  ['missing', 'pass', false],
];

test.each(
  ENDS.map(([outcome, stock, expected]) => {
    const words = `${JSON.stringify(outcome)}, ${JSON.stringify({ stock })}`;
    return { outcome, stock, expected, isWell: ask('compare.mjs', `it.isWell(${words})`) };
  }),
)('$outcome is well where stock it was $stock: $expected', ({ expected, isWell }) => {
  expect(isWell()).toBe(expected);
});

test('two tests of one name are two', () => {
  const tests = [
    { name: 'twice', outcome: 'pass', file: 'a.js' },
    { name: 'twice', outcome: 'fail', file: 'a.js' },
  ];
  expect(
    evaluate('results.mjs', `[...it.collect(${JSON.stringify(tests)}).values()].map((each) => each.outcome)`),
  ).toEqual(['pass', 'fail']);
});

test('the report of AVA is read', () => {
  const report =
    'TAP version 13\nok 1 - a › works\nnot ok 2 - a › fails\n  ---\n  name: ok 3 - no test\nok 4 - b › later # SKIP\n';
  expect(evaluate('readers/tap.mjs', `it.readTap(${JSON.stringify(report)}, (name) => name[0])`)).toEqual([
    { name: 'a › works', outcome: 'pass', file: 'a' },
    { name: 'a › fails', outcome: 'fail', file: 'a' },
    { name: 'b › later', outcome: 'skip', file: 'b' },
  ]);
});

test('the documentation has each sentence that a known difference refers to', () => {
  expect(evaluate('known.mjs', 'it.unwritten()')).toEqual([]);
});
