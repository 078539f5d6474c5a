import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** The rows of a file of tab-separated values. Empty if there is no such file. */
export function readTable(path) {
  const text = existsSync(path) ? readFileSync(path, 'utf8').trimEnd() : '';
  return text === '' ? [] : text.split('\n').map((line) => line.split('\t'));
}

/** Each run of Jest that has a result, or whose exit status is known, with what it left behind. */
export function readRuns(directory) {
  const ends = new Map(readTable(join(directory, 'runs.tsv')).map(([name, ...end]) => [name, end]));
  const written = (existsSync(directory) ? readdirSync(directory) : [])
    .filter((name) => name.endsWith('.json'))
    .map((name) => basename(name, '.json'));
  return [...new Set([...written, ...ends.keys()])].sort().map((name) => {
    const [status, left = ''] = ends.get(name) ?? [];
    return { name, status, left, results: readJson(join(directory, `${name}.json`)) };
  });
}

/** A run that was killed leaves an empty file, a part of one, or none. */
function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return {};
  }
}

/** The test files of a run, with its name. */
export function testFiles({ name: run, results }) {
  return (results.testResults ?? []).map((file) => ({
    run,
    path: relative(root, file.name),
    seconds: (file.endTime - file.startTime) / 1000,
    hasFailed: file.status === 'failed',
    message: file.message,
    tests: file.assertionResults,
  }));
}
