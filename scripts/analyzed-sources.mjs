// Usage: analyzed-sources.mjs
// Prints the sources of native/ that the analyzer has to see, one a line: all, or in the gate those that the change reaches,
// itself or by what they include, and every eighth of the others, which its seed draws. What the analyzer says of a source
// can be different only if the source, what it includes, or how it is compiled has changed, or the machine.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ONE_OF = 8;
/** How sources are compiled and analyzed, and with what. */
const HOW =
  /^(\.clang-tidy|binding\.gyp|memcage\.gypi|package(-lock)?\.json|native\/units\.mjs|scripts\/(lint-native|ensure-packages)\.sh|scripts\/(analyzed-sources|tidy-commands)\.mjs)$/;

const { MEMCAGE_TEST_SEED: seed, MEMCAGE_TEST_CHANGED: list } = process.env;
const changed = list === undefined ? undefined : readFileSync(list, 'utf8').trimEnd().split('\n');

process.chdir(join(import.meta.dirname, '..'));
const files = readdirSync('native', { recursive: true })
  .filter((name) => /\.(cc|h)$/.test(name))
  .map((name) => `native/${name}`);
const sources = files.filter((path) => path.endsWith('.cc')).sort();
const included = new Map(files.map((path) => [path, includesOf(path)]));

function includesOf(path) {
  const names = Array.from(readFileSync(path, 'utf8').matchAll(/^#include "(.+)"/gm), ([, name]) => name);
  // One that is not there any more has changed, wherever it was.
  return names.flatMap((name) => [join('native', name), join(dirname(path), name)]);
}

/** Whether it, or what it includes, is one that has changed. */
function isReached(source) {
  const seen = new Set([source]);
  for (const each of seen) for (const next of included.get(each) ?? []) seen.add(next);
  return changed.some((path) => seen.has(path));
}

const isAll = seed === undefined || changed === undefined || changed.some((path) => HOW.test(path));
const analyzed = sources.filter(
  (source, index) => isAll || index % ONE_OF === Number(seed) % ONE_OF || isReached(source),
);
console.log(analyzed.join('\n'));
