// Usage: run.mjs (by `npm run test:installers`)
// Installs the packed package with other package managers than npm, each with its own way to lay out packages, and starts children in
// cages. None may run a script, or ask to. Exit code 1 when one of them fails.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { record } from '../packed/record.mjs';
import { installTools } from '../packed/tools.mjs';

const root = join(import.meta.dirname, '../..');
const tarball = join(root, 'build/package/memcage.tgz');

/** Uses the addon, memcage-exec, and a file that Node loads by its path. */
const PROGRAM = `const { createWarmPool, spawnSync } = require('memcage');
  const { outcome } = spawnSync('uname', { memory: '16M', namespaces: { uts: true } });
  const pool = createWarmPool(__dirname + '/answer.cjs', { memory: '200M' });
  pool.ask(6).then(async (answer) => {
    await pool.close();
    console.log(JSON.stringify([outcome.exitCode, outcome.memory.limitBytes, answer]));
  });`;
const EXPECTED = [0, 2 ** 24, 42];
const ANSWER = `process.on('message', (factor) => process.send(7 * factor));`;

const place = mkdtempSync(join(tmpdir(), 'memcage-installers-'));
process.on('exit', () => rmSync(place, { recursive: true, force: true }));

const tool = (path) => join(installTools('installers'), 'node_modules', path);
const yarn = [process.execPath, tool('@yarnpkg/cli-dist/bin/yarn.js')];
const configured = (key) => execFileSync('npm', ['config', 'get', key], { encoding: 'utf8' }).trim();

function bun() {
  const words = [join(root, 'scripts/nodes.mjs'), '--install', 'bun'];
  return execFileSync(process.execPath, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}

/** `runs` is what Node is started through. */
const INSTALLERS = {
  pnpm: {
    install: [process.execPath, tool('pnpm/bin/pnpm.cjs'), 'install', '--store-dir', join(place, 'pnpm-store')],
    runs: [process.execPath],
  },
  "Yarn's Plug'n'Play": {
    install: [...yarn, 'install'],
    runs: [...yarn, 'node'],
    settings: {
      YARN_NODE_LINKER: 'pnp',
      YARN_NPM_REGISTRY_SERVER: configured('registry').replace(/\/$/, ''),
      YARN_CACHE_FOLDER: join(place, 'yarn-cache'),
      YARN_ENABLE_GLOBAL_CACHE: 'false',
      YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
      YARN_ENABLE_TELEMETRY: 'false',
      // Yarn does not read the variables of others.
      ...(process.env.HTTPS_PROXY && { YARN_HTTPS_PROXY: process.env.HTTPS_PROXY }),
    },
  },
  Bun: {
    install: [bun(), 'install'],
    runs: [process.execPath],
    settings: { BUN_INSTALL_CACHE_DIR: join(place, 'bun-cache') },
  },
};

function execute([file, ...args], cwd, settings = {}) {
  const env = { ...process.env, ...settings };
  const { status, stdout, stderr } = spawnSync(file, args, { cwd, env, encoding: 'utf8' });
  assert.equal(status, 0, `${file} ${args.join(' ')}\n${stdout}\n${stderr}`);
  return { stdout, all: stdout + stderr };
}

function check(name, { install, runs, settings }) {
  const project = join(place, name.replace(/\W/g, ''));
  mkdirSync(project);
  const manifest = { name: 'consumer', private: true, dependencies: { memcage: `file:${tarball}` } };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  // Otherwise Yarn looks for a project above.
  writeFileSync(join(project, 'yarn.lock'), '');
  writeFileSync(join(project, 'main.cjs'), PROGRAM);
  writeFileSync(join(project, 'answer.cjs'), ANSWER);
  const { all } = execute(install, project, settings);
  assert.doesNotMatch(all, /build script|approve-builds|postinstall|Blocked \d|must be built|node-gyp rebuild/i);
  const { stdout } = execute([...runs, 'main.cjs'], project, settings);
  assert.deepEqual(JSON.parse(stdout), EXPECTED);
}

let passed = 0;
let failed = 0;
for (const [name, installer] of Object.entries(INSTALLERS)) {
  try {
    check(name, installer);
    passed += 1;
    console.log(`ok - ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`not ok - ${name}: ${error.message}`);
  }
}
record('installers', { passed, failed });
if (failed > 0) process.exitCode = 1;
