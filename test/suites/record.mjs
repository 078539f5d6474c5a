// Keeps what came of a suite, so that one way can be run alone and compared with the other one's last run.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const directory = join(import.meta.dirname, '../../build/suites');

const pathOf = (suite, major, way) => join(directory, `${suite}-${major}-${way}.json`);

export function keep({ suite, major, way, results, caged, version }) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(pathOf(suite, major, way), JSON.stringify({ version, caged, results: [...results] }, null, 1));
}

/** Undefined if that has never run. */
export function kept({ suite, major, way }) {
  const path = pathOf(suite, major, way);
  if (!existsSync(path)) return undefined;
  const { version, caged, results } = JSON.parse(readFileSync(path, 'utf8'));
  return { version, caged, results: new Map(results) };
}
