// Usage: run.mjs (by `npm run test:bundles`)
// Puts the packed package into bundles and into an executable, by the commands of docs/guides/bundling.md, and starts children in cages
// from each, on each official Node: without the files beside it, which must be refused, and with them. Exit code 1 when
// one of them fails.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { installPackage } from '../packed/install.mjs';
import { record } from '../packed/record.mjs';
import { installTools } from '../packed/tools.mjs';
import { officialNodes } from '../roots/runtimes.mjs';

const page = readFileSync(join(import.meta.dirname, '../../docs/guides/bundling.md'), 'utf8');

/** Uses the addon, memcage-exec, entries that share the parts, and a file that Node loads by its path. */
const PROGRAM = `import { createWarmPool, spawn } from 'memcage';
import { spawnSync } from 'memcage/child_process';
import { Cgroup } from 'memcage/cgroup';
async function main() {
  const child = spawn('cat', ['/proc/self/comm'], { memory: '16M', namespaces: { pid: true } });
  let text = '';
  child.stdout.on('data', (chunk) => { text += chunk; });
  const { exitCode, memory } = await child.outcome;
  const isCgroup = child.cage.cgroup instanceof Cgroup;
  const { outcome } = spawnSync('true', { memory: '8M' });
  const pool = createWarmPool(process.env.ANSWER, { execPath: process.env.NODE, memory: '100M' });
  const answer = await pool.ask(6);
  await pool.close();
  console.log(JSON.stringify([text, exitCode, memory.limitBytes, isCgroup, outcome.memory.limitBytes, answer]));
}
main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
`;
const EXPECTED = ['cat\n', 0, 2 ** 24, true, 2 ** 23, 42];
const ANSWER = `process.on('message', (factor) => process.send(7 * factor));`;

const place = mkdtempSync(join(tmpdir(), 'memcage-bundles-'));
process.on('exit', () => rmSync(place, { recursive: true, force: true }));
const project = join(place, 'project');
/** The project's dist/ leads here, where nothing is installed: what a bundle needs is in it or beside it. */
const deployed = join(place, 'deployed');
const answer = join(place, 'answer.cjs');

/** The block of the page with these words in it. */
function commandWith(words) {
  const blocks = Array.from(page.matchAll(/^```sh no-run\n(.*?)^```/gms), ([, block]) => block);
  const found = blocks.filter((block) => block.includes(words));
  assert.equal(found.length, 1, `the blocks with ${words}`);
  return found[0];
}

const COPY = commandWith('cp -r node_modules/memcage/prebuilds');
const AS_SCRIPT = commandWith('--outfile=dist/main.cjs');
const BUNDLES = {
  esbuild: { commands: [AS_SCRIPT], program: (node) => [node, 'main.cjs'] },
  'esbuild, as a module': { commands: [commandWith('--format=esm')], program: (node) => [node, 'main.mjs'] },
  webpack: { commands: [commandWith('webpack --mode')], program: (node) => [node, 'main.cjs'] },
  rollup: { commands: [commandWith('rollup main.mjs')], program: (node) => [node, 'main.cjs'] },
  'a single executable': { commands: [AS_SCRIPT, commandWith('postject')], program: () => ['./main'] },
};

function shell(command, node) {
  const path = [join(node, '..'), join(project, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  const { status, stderr } = spawnSync('sh', ['-ec', command], {
    cwd: project,
    env: { ...process.env, PATH: path },
    encoding: 'utf8',
  });
  assert.equal(status, 0, `${command}\n${stderr}`);
}

function start({ program }, node) {
  const [file, ...args] = program(node);
  return spawnSync(file, args, {
    cwd: deployed,
    env: { ...process.env, ANSWER: answer, NODE: node },
    encoding: 'utf8',
  });
}

function refused(bundle, node, reason) {
  const { status, stderr } = start(bundle, node);
  assert.equal(status, 1, stderr);
  assert.match(stderr, /ERR_MEMCAGE_UNSUPPORTED/);
  assert.match(stderr, reason);
}

function check(bundle, node) {
  rmSync(deployed, { recursive: true, force: true });
  mkdirSync(deployed);
  for (const command of bundle.commands) shell(command, node);
  refused(bundle, node, /in a bundle, and has no binary in .*\/deployed\/prebuilds\. Cure: copy those of the package/);
  shell(COPY, node);
  refused(bundle, node, /warm-preload\.js, which memcage needs, is missing\. Cure: copy it beside the bundle/);
  cpSync(join(project, 'node_modules/memcage/dist/warm-preload.js'), join(deployed, 'warm-preload.js'));
  const { status, stdout, stderr } = start(bundle, node);
  assert.equal(status, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), EXPECTED);
}

function prepare() {
  execFileSync('cp', ['--archive', '--link', join(installTools('bundlers'), '.'), project]);
  installPackage(project);
  writeFileSync(join(project, 'main.mjs'), PROGRAM);
  writeFileSync(answer, ANSWER);
  symlinkSync(deployed, join(project, 'dist'));
}

prepare();
let passed = 0;
let failed = 0;
for (const { name, program, directory } of officialNodes()) {
  for (const [what, bundle] of Object.entries(BUNDLES)) {
    try {
      check(bundle, join(directory, 'bin', program));
      passed += 1;
      console.log(`ok - ${what}, ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`not ok - ${what}, ${name}: ${error.message}`);
    }
  }
}
record('bundles', { passed, failed });
if (failed > 0) process.exitCode = 1;
