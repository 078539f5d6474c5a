// Usage: run.mjs [RUN...] (by `npm run test:arm64`)
// Runs the smoke suite with the package and Node for arm64, emulated: in virtual machines with Debian's kernels, and by
// qemu-user on this machine's kernel (README.md). Takes the tarball of `npm run test:pack`. Run it as root. Leaves
// the counts as RUN.json in MEMCAGE_TEST_RESULTS, if that is set. Exit code 1 when a check fails.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { allWell } from '../../scripts/named-run.mjs';
import { execute, isInterrupted, start } from '../packed/children.mjs';
import { addonIn, installPackage } from '../packed/install.mjs';
import { writeLoader } from '../packed/load-alone.mjs';
import { record } from '../packed/record.mjs';
import { flaws, nothingRead, readLine } from '../packed/tap.mjs';

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
    command: (_program, directory) => {
      const addon = join(directory, addonIn(directory, 'arm64'));
      return [join(import.meta.dirname, 'musl'), writeLoader(addon, directory), addon];
    },
  },
  'arm64-user': {
    node: '20',
    command: (program) => [join(import.meta.dirname, 'user-mode'), program, inside, 'qemu-user'],
    // Why: README.md. One that passes nevertheless is a failure, so that this list stays true.
    cannot: ['the launcher is the init of a PID namespace', 'contain puts children of node:child_process in the cage'],
  },
};

function parse(names) {
  const unknown = names.find((name) => !(name in RUNS));
  if (unknown !== undefined) throw new Error(`There is no run ${unknown}: choose from ${Object.keys(RUNS).join(', ')}`);
  return names.length > 0 ? names : Object.keys(RUNS);
}

/** Installs the Nodes that these runs need, and tells where each is. */
async function programs(names) {
  const wanted = [...new Set(names.flatMap((name) => RUNS[name].node ?? []))];
  if (wanted.length === 0) return new Map();
  const words = [join(root, 'scripts/nodes.mjs'), '--install', '--arm64', ...wanted];
  const { stdout, status, signal } = await execute(process.execPath, words);
  if (status !== 0) throw new Error(`scripts/nodes.mjs ended with ${status ?? signal}`);
  const paths = stdout.trim().split('\n');
  return new Map(paths.map((path, index) => [wanted[index], path]));
}

/** Whether all went well. */
async function run(name, nodes, directory) {
  if (isInterrupted()) return false;
  const { node, command, cannot = [] } = RUNS[name];
  const started = Date.now();
  const { seen, surroundings, wrong } = await watch(name, command(nodes.get(node), directory), directory);
  const isKnown = (check) => cannot.includes(check);
  const skipped = seen.failed.filter(isKnown).length;
  const passed = seen.passed.filter((check) => !isKnown(check)).length;
  const failed = [
    ...seen.failed.filter((check) => !isKnown(check)),
    ...seen.passed.filter(isKnown).map((check) => `${check}: it can, so take it off the list`),
    ...wrong,
  ];
  for (const check of failed) console.log(`=== ${name}: failed: ${check}`);
  const counts = `${passed} passed, ${failed.length} failed, ${skipped} can't run there`;
  console.log(`=== ${name}: ${counts}, in ${Math.round((Date.now() - started) / 1000)} s`);
  record(name, { passed, failed: failed.length, skipped }, surroundings);
  return failed.length === 0;
}

/** Runs the command, and reads what it prints. */
async function watch(name, [file, ...args], directory) {
  const child = start(file, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  const seen = nothingRead();
  let surroundings;
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      console.log(`${name} | ${line}`);
      readLine(line, seen);
      surroundings ??= /^# on (.*)$/.exec(line)?.[1];
    });
  }
  const [status, signal] = await once(child, 'close');
  return { seen, surroundings: surroundings && JSON.parse(surroundings), wrong: flaws(seen, status, signal) };
}

const names = parse(process.argv.slice(2));
const directory = mkdtempSync(join(tmpdir(), 'memcage-arm64-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

const nodes = await programs(names);
installPackage(directory);
if (!(await allWell(names, AT_ONCE, (name) => run(name, nodes, directory)))) process.exitCode = 1;
