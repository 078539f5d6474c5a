import type { CaseResult, JestTest } from '../../../../lib/programs/jest/jest-types';
import { FileProgress, killedResult } from '../../../../lib/programs/jest/killed-result';

const test_: JestTest = {
  path: '/project/a.test.js',
  context: { config: { id: 'id', rootDir: '/project' }, moduleMap: { toJSON: () => null } },
};
const named = (title: string) => ({ ancestorTitles: ['all'], title, fullName: `all ${title}` });
const ended = (title: string, status: string): CaseResult => ({
  ...named(title),
  status,
  failureDetails: [],
  failureMessages: status === 'failed' ? ['not equal\n  at there'] : [],
  numPassingAsserts: 0,
});

test('tests that had ended keep their results, those that ran have failed, and each is counted', () => {
  const progress = new FileProgress();
  for (const title of ['passes', 'fails', 'takes']) progress.take('test-case-start', [test_.path, named(title)]);
  progress.take('test-case-result', [test_.path, ended('passes', 'passed')]);
  progress.take('test-case-result', [test_.path, ended('fails', 'failed')]);
  progress.take('test-case-result', [test_.path, ended('later', 'todo')]);
  progress.take('test-case-result', [test_.path, ended('left out', 'pending')]);
  expect(killedResult(test_, progress, 'killed: 3 MiB')).toMatchObject({
    testFilePath: test_.path,
    numPassingTests: 1,
    numFailingTests: 2,
    numTodoTests: 1,
    numPendingTests: 1,
    failureMessage: '  ● all › fails\n\n    not equal\n      at there\n\n  ● all › takes\n\n    killed: 3 MiB\n',
  });
});

test('of two tests with one name, the one that has not ended has failed', () => {
  const progress = new FileProgress();
  for (const title of ['same', 'same']) progress.take('test-case-start', [test_.path, named(title)]);
  expect(progress.tests).toBe('all same, all same');
  progress.take('test-case-result', [test_.path, ended('same', 'passed')]);
  expect(progress.tests).toBe('all same');
  expect(killedResult(test_, progress, 'killed')).toMatchObject({ numPassingTests: 1, numFailingTests: 1 });
});

test('of a test that ran again, the last attempt counts', () => {
  const progress = new FileProgress();
  const attempt = (title: string, status: string, invocations: number): void => {
    progress.take('test-case-start', [test_.path, named(title)]);
    progress.take('test-case-result', [test_.path, { ...ended(title, status), invocations }]);
  };
  attempt('other', 'failed', 1);
  attempt('flaky', 'failed', 1);
  attempt('flaky', 'failed', 2);
  attempt('flaky', 'passed', 3);
  attempt('other', 'passed', 1);
  const { testResults } = killedResult(test_, progress, 'killed') as { testResults: CaseResult[] };
  expect(testResults.map(({ title, status }) => [title, status])).toEqual([
    ['other', 'failed'],
    ['flaky', 'passed'],
    ['other', 'passed'],
    ['while no test of it ran', 'failed'],
  ]);
});

test('without one that ran, the file has a test that says so', () => {
  expect(killedResult(test_, new FileProgress(), 'killed')).toMatchObject({
    numFailingTests: 1,
    testResults: [{ fullName: 'while no test of it ran', status: 'failed', failureMessages: ['killed'] }],
  });
});

test('what is no event of a test changes nothing', () => {
  const progress = new FileProgress();
  progress.take('test-file-start', [test_.path, named('none')]);
  expect([progress.running, progress.done]).toEqual([[], []]);
});
