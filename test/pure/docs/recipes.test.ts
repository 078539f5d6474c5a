import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pages } from '../../support/docs/doc-examples';
import { programFilesOf, recipesOf } from '../../support/docs/recipes';

const tests = join(__dirname, '../../integration/recipes');
const recipes = pages().flatMap(recipesOf);

test('a recipe has eight lines or fewer', () => {
  const long = recipes.filter(({ text }) => text.trimEnd().split('\n').length > 8);
  expect(long.map(({ page, line }) => `${page}:${line}`)).toEqual([]);
});

const code = readdirSync(tests)
  .map((name) => readFileSync(join(tests, name), 'utf8'))
  .join('\n');

test('every recipe is tried', () => {
  const untried = recipes.filter(({ heading }) => !code.includes(`'${heading}'`));
  expect(untried.map(({ page, heading }) => `${page}: ${heading}`)).toEqual([]);
});

test('every program is tried, and each of its files has a name', () => {
  const files = pages().flatMap(programFilesOf);
  expect(files.filter(({ name }) => !/^[\w.-]+$/.test(name)).map(({ page, line }) => `${page}:${line}`)).toEqual([]);
  const untried = new Set(files.map(({ page }) => page).filter((page) => !code.includes(`writeProgram('${page}'`)));
  expect([...untried]).toEqual([]);
});
