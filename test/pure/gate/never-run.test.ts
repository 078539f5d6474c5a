/** @starts-children Node, which loads modules that Jest can't */
import { join } from 'node:path';
import { evaluateModule } from '../../support/evaluate-module';

const MODULE = join(__dirname, '../../../.ci/summary/never-run.mjs');

type Test = readonly [fullName: string, status: string];

const file = (run: string, path: string, ...tests: Test[]): object => ({
  run,
  path,
  tests: tests.map(([fullName, status]) => ({ fullName, status })),
});

const neverRun = (...files: object[]): unknown => evaluateModule(MODULE, `it.neverRun(${JSON.stringify(files)})`);

test('a test that every run has skipped is named once', () => {
  const skipped = file('host', 'a.test.ts', ['one', 'passed'], ['two', 'pending'], ['three', 'todo']);
  expect(neverRun(skipped, { ...skipped, run: 'v2' })).toEqual([
    { path: 'a.test.ts', fullName: 'two' },
    { path: 'a.test.ts', fullName: 'three' },
  ]);
});

test('a test that has run anywhere is not, whatever came of it', () => {
  const skipped = file('host', 'a.test.ts', ['one', 'pending'], ['two', 'pending']);
  expect(neverRun(skipped, file('v2', 'a.test.ts', ['one', 'passed'], ['two', 'failed']))).toEqual([]);
});

test('a test of the same name in another file is another one', () => {
  expect(neverRun(file('host', 'a.test.ts', ['one', 'pending']), file('host', 'b.test.ts', ['one', 'passed']))).toEqual(
    [{ path: 'a.test.ts', fullName: 'one' }],
  );
});

test('a block that says what it needs where it is skipped is known where it runs', () => {
  const names: Test[] = [
    ['a cage (needs v2, swap) holds', 'pending'],
    ['a cage (needs v1) lasts', 'pending'],
  ];
  expect(neverRun(file('host', 'a.test.ts', ...names), file('v2', 'a.test.ts', ['a cage holds', 'passed']))).toEqual([
    { path: 'a.test.ts', fullName: 'a cage (needs v1) lasts' },
  ]);
});
