// Usage: run [OPTION...] [ROOM|FILE...] (by ./run; README.md has the options)
// Makes small changes to what decides (rooms.mjs), one at a time, and runs the pure tests that reach them. Exit code 1
// when a change survives that survivors.json does not explain, or one does not survive that it explains.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compilerRefusals } from './compiler.mjs';
import { instrument, keyOf } from './instrument.mjs';
import { readOptions } from './options.mjs';
import { measure, tryAll } from './processes.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const explained = JSON.parse(readFileSync(join(root, 'test/mutation/survivors.json'), 'utf8'));

const started = performance.now();
const seconds = () => `${((performance.now() - started) / 1000).toFixed(0)} s`;

const { files, without, sample, verbose } = readOptions(process.argv.slice(2), root);
const run = { root, directory: join(root, 'build/mutation', String(process.pid)), without };
process.once('exit', () => rmSync(run.directory, { recursive: true, force: true }));
const all = await instrument(root, files, join(run.directory, 'sources'));
const mutants = sample(all);
const tests = await measure(run, files);
console.log(`${mutants.length} mutants in ${files.length} files, ${tests.length} test files reach them (${seconds()})`);

const killedBy = await tryAll(run, mutants, tests);
if (verbose) {
  for (const each of mutants) {
    const { id, file, line, from, to } = each;
    console.log(`${killedBy.get(id) === null ? 'not killed' : 'killed'}: ${file}:${line} ${from} => ${to}`);
    if (killedBy.get(id) !== null) console.log(`  by ${killedBy.get(id)}`);
  }
}
const unseen = mutants.filter(({ id }) => killedBy.get(id) === null);
const refused = compilerRefusals(root, unseen);
const survivors = unseen.filter(({ id }) => !refused.has(id));

const listed = new Map(explained.map((each) => [keyOf(each), each]));
const alive = new Set(survivors.map(keyOf));
const unknown = survivors.filter((each) => !listed.has(keyOf(each)));
const tried = new Set(mutants.map(keyOf));
const known = new Set(all.map(keyOf));
const stale = explained.filter(
  (each) =>
    files.includes(each.file) && (known.has(keyOf(each)) ? tried.has(keyOf(each)) && !alive.has(keyOf(each)) : true),
);

for (const { file, line, ...mutant } of unknown) {
  console.log(`survived: ${file}:${line}`);
  const { mutator, on, from, to, nth } = mutant;
  console.log(`  ${JSON.stringify({ file, mutator, on, from, to, ...(nth && { nth }), why: '' })}`);
}
for (const each of stale) console.log(`survives no more, take it out of survivors.json: ${keyOf(each)}`);
for (const file of files) {
  const of = (list) => list.filter((each) => each.file === file).length;
  console.log(`${file}: ${of(mutants)} mutants, ${of(survivors)} survive, ${of(unknown)} of them not explained`);
}
const killed = mutants.length - unseen.length;
console.log(
  `${mutants.length} mutants: ${killed} killed by tests, ${refused.size} by the compiler, ${survivors.length} survive, ` +
    `${unknown.length} of them not explained (${seconds()})`,
);
if (unknown.length > 0 || stale.length > 0) process.exitCode = 1;
