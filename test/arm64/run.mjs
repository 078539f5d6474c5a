// Usage: run.mjs [--tarball FILE] [RUN...]
// Runs the smoke suite with the package and Node for arm64, emulated: in virtual machines with Debian's kernels, and by
// qemu-user on this machine's kernel (README.md). Packs what is built, unless there is a tarball. Run it as root. Leaves
// the counts as RUN.json in MEMCAGE_TEST_RESULTS, if that is set. Exit code 1 when a check fails.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { allWell } from '../../scripts/named-run.mjs';

const root = join(import.meta.dirname, '../..');
const inside = join(import.meta.dirname, 'inside.cjs');
const AT_ONCE = 2;

const inMachine = (node, ...options) => ({
  node,
  command: (program, directory) => [
    join(root, 'test/guest/run'),
    ...['--arch', 'arm64', '--memory', '2048', '--share', directory, ...options],
    ...['--env', `PATH=${dirname(program)}${delimiter}${process.env.PATH}`],
    ...['--', 'node', inside, 'tcg'],
  ],
});

const RUNS = {
  arm64: inMachine('20'),
  'arm64-v1': inMachine('22', '--kernel', 'bookworm', '--cgroup', '1'),
  'arm64-16k': inMachine('24', '--kernel', '16k'),
  'arm64-node-26': inMachine('26'),
  // npm has no Node for it.
  'arm64-musl': {
    command: (_program, directory) => [
      join(import.meta.dirname, 'musl'),
      join(directory, 'node_modules/memcage/prebuilds/linux-arm64/memcage.node'),
    ],
  },
  'arm64-user': {
    node: '20',
    command: (program) => [join(import.meta.dirname, 'user-mode'), program, inside, 'qemu-user'],
    // Why: README.md. One that passes nevertheless is a failure, so that this list stays true.
    cannot: ['the launcher is the init of a PID namespace'],
  },
};

function parse(words) {
  const [flag, file, ...rest] = words;
  const names = flag === '--tarball' ? rest : words;
  const unknown = names.find((name) => !(name in RUNS));
  if (unknown !== undefined) throw new Error(`There is no run ${unknown}: choose from ${Object.keys(RUNS).join(', ')}`);
  return {
    names: names.length > 0 ? names : Object.keys(RUNS),
    tarball: flag === '--tarball' ? resolve(file) : undefined,
  };
}

/** Makes of that directory what a user has after an install, with the smoke suite. */
function install(directory, tarball = pack(directory)) {
  const modules = join(directory, 'node_modules');
  const memcage = join(modules, 'memcage');
  mkdirSync(memcage, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '--strip-components', '1', '-C', memcage]);
  cpSync(join(root, 'node_modules/node-gyp-build'), join(modules, 'node-gyp-build'), { recursive: true });
  cpSync(join(root, 'test/smoke'), join(directory, 'smoke'), { recursive: true });
}

function pack(directory) {
  const options = ['--ignore-scripts', '--loglevel=warn', '--pack-destination', directory];
  execFileSync('npm', ['pack', ...options], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  const file = readdirSync(directory).find((name) => name.endsWith('.tgz'));
  return join(directory, file);
}

/** Installs the Nodes that these runs need, and tells where each is. */
function programs(names) {
  const wanted = [...new Set(names.flatMap((name) => RUNS[name].node ?? []))];
  if (wanted.length === 0) return new Map();
  const words = [join(root, 'scripts/nodes.mjs'), '--install', '--arm64', ...wanted];
  const paths = execFileSync(process.execPath, words, { encoding: 'utf8' }).trim().split('\n');
  return new Map(paths.map((path, index) => [wanted[index], path]));
}

async function run(name, nodes, directory) {
  const { node, command, cannot = [] } = RUNS[name];
  const [file, ...args] = command(nodes.get(node), directory);
  const started = Date.now();
  const child = spawn(file, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  const seen = { ok: [], 'not ok': [], surroundings: undefined };
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      console.log(`${name} | ${line}`);
      const [, result, check] = /^(ok|not ok) - (.*)$/.exec(line) ?? [];
      if (result !== undefined) seen[result].push(check);
      seen.surroundings ??= /^# on (.*)$/.exec(line)?.[1];
    });
  }
  const [status, signal] = await once(child, 'close');
  const isKnown = (check) => cannot.includes(check);
  const skipped = seen['not ok'].filter(isKnown);
  const failed = seen['not ok'].filter((check) => !isKnown(check));
  const passed = seen.ok.filter((check) => !isKnown(check));
  for (const check of seen.ok.filter(isKnown)) failed.push(`${check}: it can, so take it off the list`);
  // Its exit code is 1 if a check fails. It may also end before the first.
  if (skipped.length + failed.length === 0 && status !== 0) failed.push(`ended with ${status ?? signal}`);
  const counts = `${passed.length} passed, ${failed.length} failed, ${skipped.length} can't run there`;
  for (const check of failed) console.log(`=== ${name}: failed: ${check}`);
  console.log(`=== ${name}: ${counts}, in ${Math.round((Date.now() - started) / 1000)} s`);
  record(name, { passed, failed, skipped, surroundings: seen.surroundings });
  return failed.length === 0;
}

/** As Jest writes its results, for .ci/summary.mjs and the matrix. */
function record(name, { passed, failed, skipped, surroundings }) {
  const { MEMCAGE_TEST_RESULTS: results } = process.env;
  if (results === undefined) return;
  const path = join(results, `${name}.json`);
  const counts = { numPassedTests: passed.length, numFailedTests: failed.length, numPendingTests: skipped.length };
  writeFileSync(path, JSON.stringify(counts));
  if (surroundings !== undefined) writeFileSync(`${path}.surroundings`, surroundings);
  appendFileSync(join(results, 'runs.tsv'), `${name}\t${failed.length === 0 ? 0 : 1}\n`);
}

const { names, tarball } = parse(process.argv.slice(2));
const directory = mkdtempSync(join(tmpdir(), 'memcage-arm64-'));
try {
  const nodes = programs(names);
  install(directory, tarball);
  if (!(await allWell(names, AT_ONCE, (name) => run(name, nodes, directory)))) process.exitCode = 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
