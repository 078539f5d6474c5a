import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Of a list of test files. */
export const readLines = (path) => readFileSync(path, 'utf8').trimEnd().split('\n');

/** Paths of the test files below a directory of test/, in order. */
export function testFiles(directory) {
  return readdirSync(join(root, 'test', directory), { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/${directory}/${name}`)
    .sort();
}
