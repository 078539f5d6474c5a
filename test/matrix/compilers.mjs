// Usage: compilers.mjs [COMPILER...] (by ./run)
// Builds memcage with each supported compiler that the distribution has, or with these, and starts children with each
// build. Exit code 1 when one of them fails or warns. How each ended is in runs.tsv of MEMCAGE_TEST_RESULTS, if that is
// set.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { isInterrupted, start } from '../packed/children.mjs';

const root = join(import.meta.dirname, '../..');

/** The names are those of Debian's packages. */
const COMPILERS = [
  ...[12, 13, 14].map((version) => ({ name: `g++-${version}`, cc: `gcc-${version}`, cxx: `g++-${version}` })),
  ...[14, 15, 16, 17, 18, 19].map((version) => ({
    name: `clang-${version}`,
    cc: `clang-${version}`,
    cxx: `clang++-${version}`,
  })),
];

const BUILDS = [
  ['npx', 'node-gyp', 'configure', 'build', '--jobs', 'max', '--loglevel', 'error'],
  ['npx', 'node-gyp', 'configure', 'build', '-C', 'test/native', '--loglevel', 'error'],
];

/** Uses each of the binaries: the addon, the tests' addon, and the launcher. */
const SMOKE_TEST = `
  const { equal } = require('node:assert/strict');
  const { spawnSync } = require('.');
  const limited = spawnSync('true', { memory: '8M' });
  equal(limited.outcome.exitCode, 0);
  equal(limited.outcome.memory.limitBytes, 2 ** 23);
  equal(spawnSync('uname', { namespaces: { uts: true } }).stdout.toString(), 'Linux\\n');
  equal(typeof require('./test/native/build/Release/faults.node').call, 'function');
`;

function chosen(names) {
  const unknown = names.find((name) => !COMPILERS.some((compiler) => compiler.name === name));
  if (unknown !== undefined) {
    throw new Error(`There is no ${unknown} here: choose from ${COMPILERS.map(({ name }) => name).join(', ')}`);
  }
  return names.length === 0 ? COMPILERS : COMPILERS.filter(({ name }) => names.includes(name));
}

/** Installs it if it can. Undefined if there is no such compiler. */
function versionOf({ name, cxx }) {
  spawnSync(join(root, 'scripts/ensure-packages.sh'), ['--optional', `${cxx}:${name}`], { stdio: 'inherit' });
  const { stdout } = spawnSync(cxx, ['--version'], { encoding: 'utf8' });
  return /\d+\.\d+\.\d+/.exec(stdout ?? '')?.[0];
}

/** Of the sources, and of what node-gyp and the smoke test need. */
function copyInto(directory) {
  for (const name of [
    'binding.gyp',
    'memcage.gypi',
    'dist',
    'native',
    'package.json',
    'test/native',
    'test/overseer',
  ]) {
    const filter = (path) => basename(path) !== 'build';
    cpSync(join(root, name), join(directory, name), { recursive: true, filter });
  }
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
}

/** @returns {Promise<{ succeeded: boolean, output: string }>} */
async function execute([file, ...args], options) {
  const child = start(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const [status] = await once(child, 'close');
  return { succeeded: status === 0, output };
}

/** @returns {Promise<{ build: string, warnings: number | string, smokeTest: string }>} cells of the table */
async function tryOut({ cc, cxx }, directory) {
  // Warnings are no errors here, so that the table shows both what builds and what warns.
  const env = { ...process.env, CC: cc, CXX: cxx, LC_ALL: 'C', MEMCAGE_WERROR: '' };
  copyInto(directory);
  let output = '';
  for (const command of BUILDS) {
    const built = await execute(command, { cwd: directory, env });
    output += built.output;
    if (!built.succeeded) {
      console.log(output);
      return { build: 'failed', warnings: '', smokeTest: '' };
    }
  }
  const warnings = output.match(/: warning: /g)?.length ?? 0;
  if (warnings > 0) console.log(output);
  const smoke = await execute([process.execPath, '--eval', SMOKE_TEST], { cwd: directory, env });
  if (!smoke.succeeded) console.log(smoke.output);
  return { build: 'done', warnings, smokeTest: smoke.succeeded ? 'passed' : 'failed' };
}

/** As an exit status is written there. */
function end({ build, warnings, smokeTest }) {
  if (build === 'failed') return 'a failed build';
  if (smokeTest === 'failed') return 'a failed smoke test';
  return warnings === 0 ? '0' : `${warnings} warnings`;
}

const wanted = chosen(process.argv.slice(2));

const place = mkdtempSync(join(tmpdir(), 'memcage-compilers-'));
process.on('exit', () => rmSync(place, { recursive: true, force: true, maxRetries: 5 }));

const bundled = await execute(['npm', 'run', 'build:ts'], { cwd: root });
if (!bundled.succeeded) throw new Error(bundled.output);

const { MEMCAGE_TEST_RESULTS: results } = process.env;
const table = {};
const ends = [];
for (const compiler of wanted) {
  if (isInterrupted()) break;
  const { name } = compiler;
  const version = versionOf(compiler);
  if (version === undefined) {
    table[name] = { version: 'not here' };
    continue;
  }
  console.log(`=== ${name} (${version})`);
  const directory = join(place, name);
  const row = await tryOut(compiler, directory);
  rmSync(directory, { recursive: true });
  table[name] = { version, ...row };
  ends.push(end(row));
  if (results !== undefined) appendFileSync(join(results, 'runs.tsv'), `${name}\t${ends.at(-1)}\n`);
}
console.table(table);
if (ends.length === 0 || ends.some((each) => each !== '0')) process.exitCode = 1;
