import { readFileSync } from 'node:fs';
import { keyOf } from './instrument.mjs';

/**
 * Compares the mutants that survived with those that survivors.json explains.
 *
 * @param all the mutants of the files
 * @param tried those of them that were tried
 * @returns `unknown`: survivors without an explanation; `stale`: explained ones that did not survive, or are no mutants
 */
export function compare(path, files, { all, tried, survivors }) {
  const listed = JSON.parse(readFileSync(path, 'utf8')).filter(({ file }) => files.includes(file));
  const explained = new Set(listed.filter(({ why }) => why !== '').map(keyOf));
  const [existing, attempted, alive] = [all, tried, survivors].map((mutants) => new Set(mutants.map(keyOf)));
  return {
    unknown: survivors.filter((each) => !explained.has(keyOf(each))),
    stale: listed.filter((each) => {
      const key = keyOf(each);
      return !existing.has(key) || (attempted.has(key) && !alive.has(key));
    }),
  };
}
