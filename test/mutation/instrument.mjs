import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Instrumenter } from '@stryker-mutator/instrumenter';

const silent = { isDebugEnabled: () => false, debug() {}, info() {}, warn() {} };

/**
 * Writes each file, with all of its mutants behind switches, below `directory`, and returns the mutants: `id`, `file`,
 * `mutator`, the text that it replaces and what it becomes, and the line that this is on.
 */
export async function instrument(root, files, directory) {
  rmSync(directory, { recursive: true, force: true });
  const sources = new Map(files.map((name) => [name, readFileSync(join(root, name), 'utf8')]));
  const given = files.map((name) => ({ name, mutate: true, content: sources.get(name) }));
  const options = { plugins: null, excludedMutations: [], ignorers: [] };
  const instrumented = await new Instrumenter(silent).instrument(given, options);
  for (const { name, content } of instrumented.files) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  return numbered(instrumented.mutants.map((mutant) => described(mutant, sources.get(mutant.fileName))));
}

function described({ id, fileName, mutatorName, location, replacement }, source) {
  const lines = source.split('\n');
  const offset = ({ line, column }) => lines.slice(0, line).reduce((sum, text) => sum + text.length + 1, column);
  const range = [offset(location.start), offset(location.end)];
  return {
    id,
    file: fileName,
    mutator: mutatorName,
    line: location.start.line + 1,
    range,
    replacement,
    on: lines[location.start.line].trim(),
    from: oneLine(source.slice(...range)),
    to: oneLine(replacement),
  };
}

function oneLine(text) {
  return text.replace(/\s+/g, ' ').trim();
}

/** What is known of a mutant whatever else its file has: none of it changes when lines are added above. */
export function keyOf({ file, mutator, on, from, to, nth }) {
  return JSON.stringify([file, mutator, on, from, to, nth ?? 1]);
}

/** Tells mutants apart that are the same text on the same text. */
function numbered(mutants) {
  const seen = new Map();
  return mutants.map((mutant) => {
    const key = keyOf(mutant);
    seen.set(key, (seen.get(key) ?? 0) + 1);
    return seen.get(key) === 1 ? mutant : { ...mutant, nth: seen.get(key) };
  });
}
