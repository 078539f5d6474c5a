/** @starts-children Node, which loads modules that Jest can't */
import { join } from 'node:path';
import { Questions } from '../../support/evaluate-module';

const root = join(__dirname, '../../..');
const matrix = (name: string): string => join(root, 'test/matrix', name);

// All are asked before any test runs, and so of one Node.
const questions = new Questions();

const row = (run: string, commit: string) => ({ run, commit });
const known = ['host', 'node-22', 'node-24', 'v2'].map((run) => row(run, 'old'));
const written = questions.ask(
  matrix('tested.mjs'),
  `it.replaced(${JSON.stringify(known)}, { rows: /^node-/ }, ${JSON.stringify([row('node-24', 'new'), row('node-26', 'new')])})`,
);

test('a row goes that the part does not write any more, and those of others stay', () => {
  expect(written()).toEqual([row('host', 'old'), row('node-24', 'new'), row('node-26', 'new'), row('v2', 'old')]);
});

const proofs = questions.ask<[name: string, proves: string[]][]>(
  matrix('parts.mjs'),
  'it.parts.map(({ name, proves }) => [name, proves])',
);

test('the parts that run the whole suite are stale once the overseer has changed', () => {
  const suites = proofs().filter(([, proves]) => proves.includes('test/integration'));
  expect(suites.length).toBeGreaterThan(5);
  expect(suites.filter(([, proves]) => !proves.includes('test/overseer'))).toEqual([]);
});

const guests = questions.ask<[name: string, paths: string[]][]>(
  join(root, 'test/guest/configurations.mjs'),
  'it.configurations.map(({ name, paths = [] }) => [name, paths])',
);

const testFiles = questions.ask<string[]>(
  join(root, 'scripts/test-files.mjs'),
  "['guest', 'integration'].flatMap(it.testFiles)",
);

/** The patterns, each with one of its `(a|b)`. */
function alternatives(path: string): string[] {
  const [, before = '', choices, after = ''] = /^(.*)\(([^()]+)\)(.*)$/.exec(path) ?? [];
  return choices === undefined ? [path] : choices.split('|').map((choice) => `${before}${choice}${after}`);
}

test('each path of a guest is that of a test', () => {
  const chosen = guests().flatMap(([name, paths]) => paths.flatMap(alternatives).map((path) => [name, path] as const));
  expect(chosen.length).toBeGreaterThan(10);
  expect(chosen.filter(([, path]) => !testFiles().some((file) => new RegExp(path).test(file)))).toEqual([]);
});
