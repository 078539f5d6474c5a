// Usage: run.mjs (by `npm run release:rehearse`)
// Rehearses releases of HEAD in a clone, against a registry on the loopback: what is refused, two versions by `npm run
// release`, an install without scripts, the upgrade, and the deprecation of the first. Exit code 1 when one of them fails.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { record } from '../packed/record.mjs';
import { startRegistry } from './registry.mjs';

const root = join(import.meta.dirname, '../..');
const FIRST = '1000.0.0-beta.1';
const SECOND = '1000.0.0';

/** What the owner would fill in. */
const OWNER = {
  author: 'A. N. Owner',
  homepage: 'https://memcage.example',
  bugs: { url: 'https://memcage.example/issues' },
  repository: { type: 'git', url: 'git+https://memcage.example/memcage.git' },
};
const IDENTITY = { name: 'Rehearsal', email: 'rehearsal@memcage.example' };

const place = mkdtempSync(join(tmpdir(), 'memcage-rehearsal-'));
process.on('exit', () => rmSync(place, { recursive: true, force: true, maxRetries: 5 }));
const clone = join(place, 'clone');
const project = join(place, 'project');

let env;

function execute(cwd, file, ...args) {
  return execFileSync(file, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}

const git = (...args) => execute(clone, 'git', ...args);
const npm = (...args) => execute(project, 'npm', ...args);
const commit = () => git('commit', '--quiet', '--all', '--message', 'Rehearse');

function release(version) {
  return spawnSync('npm', ['run', 'release', '--', version], { cwd: clone, env, encoding: 'utf8' });
}

function refused(version, ...reasons) {
  const { status, stderr } = release(version);
  assert.equal(status, 1, stderr);
  const said = [...stderr.matchAll(/^No release: (.*)$/gm)].map(([, reason]) => reason);
  assert.equal(said.length, reasons.length, stderr);
  for (const [index, reason] of reasons.entries()) assert.match(said[index], reason);
}

function released(version) {
  const { status, stdout, stderr } = release(version);
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  assert.equal(git('describe', '--exact-match'), `v${version}`);
  assert.equal(git('status', '--porcelain'), '');
  assert.match(readFileSync(join(clone, 'CHANGELOG.md'), 'utf8'), new RegExp(`^## \\[${version}\\] - 2\\d{3}-`, 'm'));
}

function makeClone() {
  execute(place, 'git', 'clone', '--quiet', root, clone);
  for (const [key, value] of Object.entries(IDENTITY)) git('config', `user.${key}`, value);
  execute(place, 'cp', '--archive', '--link', join(root, 'node_modules'), join(clone, 'node_modules'));
}

function fillIn() {
  const path = join(clone, 'package.json');
  writeFileSync(path, `${JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...OWNER }, undefined, 2)}\n`);
  commit();
}

/** As the gate does. */
function markTested() {
  const program = `import('./scripts/release/tested.mjs').then(({ markTested }) => markTested());`;
  execute(clone, process.execPath, '--eval', program);
}

function addNews() {
  const path = join(clone, 'CHANGELOG.md');
  writeFileSync(path, readFileSync(path, 'utf8').replace('## [Unreleased]\n', '## [Unreleased]\n\n- News.\n'));
  commit();
}

function works(version) {
  const program = `const { outcome } = require('memcage').spawnSync('true', { memory: '8M' });
    console.log(require('memcage/package.json').version, outcome.memory.limitBytes);`;
  assert.equal(execute(project, process.execPath, '--eval', program), `${version} ${2 ** 23}`);
}

const STEPS = {
  'a release without an owner and without the gate is refused'() {
    refused(FIRST, /^package\.json does not say: author, homepage, bugs\.url, repository\.url/, /^the gate has not/);
  },
  'a release of what is not committed is refused'() {
    fillIn();
    markTested();
    appendFileSync(join(clone, 'README.md'), '\n');
    refused(FIRST, /not committed/);
    git('checkout', '--quiet', '--', 'README.md');
  },
  'a prerelease is published'() {
    released(FIRST);
  },
  'a commit that the gate has not passed is refused, and so is a version that was released'() {
    refused(FIRST, /^the gate has not/, /tag v1000\.0\.0-beta\.1 already/);
  },
  'it installs without scripts'() {
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{ "private": true }');
    npm('install', '--ignore-scripts', '--no-audit', '--no-fund', 'memcage@next');
    works(FIRST);
  },
  'it is upgraded'() {
    addNews();
    markTested();
    released(SECOND);
    npm('install', '--ignore-scripts', '--no-audit', '--no-fund', 'memcage@latest');
    works(SECOND);
    const tags = JSON.parse(npm('view', 'memcage', 'dist-tags', '--json'));
    assert.deepEqual(tags, { next: FIRST, latest: SECOND });
  },
  'the prerelease is deprecated'() {
    npm('deprecate', `memcage@${FIRST}`, 'Use 1000.0.0: it is a rehearsal');
    assert.equal(npm('view', `memcage@${FIRST}`, 'deprecated'), 'Use 1000.0.0: it is a rehearsal');
    assert.equal(npm('view', `memcage@${SECOND}`, 'deprecated'), '');
  },
};

async function main() {
  const registry = await startRegistry(join(place, 'registry'));
  env = { ...process.env, ...registry, npm_config_cache: join(place, 'cache') };
  makeClone();
  let passed = 0;
  try {
    for (const [name, step] of Object.entries(STEPS)) {
      step();
      passed += 1;
      console.log(`ok ${passed} - ${name}`);
    }
  } finally {
    record('rehearsal', { passed, failed: Object.keys(STEPS).length - passed });
  }
}

// The registry is a child, which ends with this process and would keep it.
main().then(
  () => process.exit(),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
