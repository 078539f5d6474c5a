// Usage: run [OPTION...] [ROOM|FILE...] (by ./run; README.md has the options)
// Makes small changes to what decides (rooms.mjs), one at a time, and runs the pure tests that reach them. Exit code 1
// when a change survives that survivors.json does not explain, or one does not survive that it explains.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compilerRefusals } from './compiler.mjs';
import { instrument, keyOf } from './instrument.mjs';
import { readOptions } from './options.mjs';
import { measure, NO_ANSWER, tryAll } from './processes.mjs';
import { compare } from './survivors.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const started = performance.now();
const seconds = () => `${((performance.now() - started) / 1000).toFixed(0)} s`;

const { files, without, sample, verbose } = readOptions(process.argv.slice(2), root);
const run = { root, directory: join(root, 'build/mutation', String(process.pid)), without };
process.once('exit', () => rmSync(run.directory, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
const all = await instrument(root, files, join(run.directory, 'sources'));
const tried = sample(all);
const tests = await measure(run, files);
console.log(`${tried.length} mutants in ${files.length} files, ${tests.length} test files reach them (${seconds()})`);

const killedBy = await tryAll(run, tried, tests);
const unseen = tried.filter(({ id }) => killedBy.get(id) === null);
const refused = compilerRefusals(root, unseen);
const survivors = unseen.filter(({ id }) => !refused.has(id));
const { unknown, stale } = compare(join(root, 'test/mutation/survivors.json'), files, { all, tried, survivors });

for (const { id, file, line, from, to } of tried) {
  const killer = refused.has(id) ? 'the compiler' : killedBy.get(id);
  if (verbose || killer === NO_ANSWER) console.log(`${file}:${line} ${from} => ${to}: ${killer ?? 'survived'}`);
}
for (const { file, line, mutator, on, from, to, nth } of unknown) {
  console.log(`survived: ${file}:${line}`);
  console.log(`  ${JSON.stringify({ file, mutator, on, from, to, nth, why: '' })}`);
}
for (const each of stale) console.log(`survives no more, take it out of survivors.json: ${keyOf(each)}`);
for (const file of files) {
  const count = (mutants) => mutants.filter((each) => each.file === file).length;
  console.log(`${file}: ${count(tried)} mutants, ${count(survivors)} survive, ${count(unknown)} of them not explained`);
}
console.log(
  `${tried.length} mutants: ${tried.length - unseen.length} killed by tests, ${refused.size} by the compiler, ` +
    `${survivors.length} survive, ${unknown.length} of them not explained (${seconds()})`,
);
if (unknown.length > 0 || stale.length > 0) process.exitCode = 1;
