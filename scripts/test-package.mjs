// Installs the tarball that `npm run test:pack` has made in an empty project, and loads it there: with only the prebuilt
// binary, and then with one that is built there.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkTarball } from './check-tarball.mjs';

const root = join(import.meta.dirname, '..');
const project = mkdtempSync(join(tmpdir(), 'memcage package-'));
const tarball = join(root, 'build/package/memcage.tgz');
const installed = join(project, 'node_modules/memcage');

try {
  const { bytes, files } = checkTarball(tarball);
  console.log(`${bytes} bytes in ${files} files`);
  install();
  load();
  compile();
  failToBuild();
  build();
  console.log('The packed tarball installs without a script, loads its prebuilt binary, and builds another.');
} finally {
  rmSync(project, { recursive: true, force: true });
}

function install() {
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true }));
  npm(project, 'install', '--loglevel=warn', '--ignore-scripts=false', tarball);
  const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'));
  const withScript = Object.entries(lock.packages).filter(([, entry]) => entry.hasInstallScript);
  assert.deepEqual(withScript, [], 'a package with an install script');
  assert(!existsSync(join(installed, 'build')), 'the install built the addon');
}

function load() {
  const check = `
    if (typeof memcage.spawn !== 'function') throw new Error('no named export spawn');
    if (child_process.spawnSync('true', { memory: '8M' }).outcome.memory.limitBytes !== 2 ** 23) throw new Error('child_process');
    if (!(native.monotonicNs() > 0)) throw new Error('the addon does not answer');
    for (const [entry, what] of [[cgroup, 'Cgroup'], [machine, 'diagnose'], [oci, 'limitsFromOci']]) {
      if (typeof entry[what] !== 'function') throw new Error('no named export ' + what);
    }
    const addons = process.report.getReport().sharedObjects.filter((path) => path.endsWith('.node'));
    const { outcome, stdout } = memcage.spawnSync('uname', { namespaces: { uts: true } });
    if (outcome.exitCode !== 0 || String(stdout) !== 'Linux\\n') throw new Error('the launcher does not run');
    if (!addons.every((path) => path.includes('/prebuilds/')) || addons.length !== 1) throw new Error(addons.join());
  `;
  const required = `const memcage = require('memcage'); const { native } = require('memcage/native');
    const cgroup = require('memcage/cgroup'); const machine = require('memcage/machine'); const oci = require('memcage/oci');
    const child_process = require('memcage/child_process'); ${check}`;
  const imported = `import * as memcage from 'memcage'; import { native } from 'memcage/native';
    import * as cgroup from 'memcage/cgroup'; import * as machine from 'memcage/machine'; import * as oci from 'memcage/oci';
    import * as child_process from 'memcage/child_process'; ${check}`;
  node('commonjs', required);
  node('module', imported);
  loadMetrics();
  assert.match(execute(join(project, 'node_modules/.bin/memcage'), ['--help']), /memcage/);
}

/** In a project as `tsc --init` makes it, which takes no types of Node's unless a package asks for them. */
function compile() {
  for (const version of ['5.9', '6.0']) {
    const directory = join(project, `typescript-${version}`);
    mkdirSync(directory);
    writeFileSync(join(directory, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    npm(directory, 'install', '--loglevel=warn', `typescript@~${version}`, '@types/node');
    const tsc = (...args) =>
      execFileSync('node_modules/.bin/tsc', args, { cwd: directory, stdio: ['ignore', 'inherit', 'inherit'] });
    tsc('--init');
    writeFileSync(
      join(directory, 'index.ts'),
      `import * as memcage from 'memcage';
      import { type Cgroup, ExitError, type MemoryLimitError, run } from 'memcage';
      import { Cgroup as AnyCgroup } from 'memcage/cgroup';
      import { spawn } from 'memcage/child_process';
      import { native } from 'memcage/native';
      const { stdout } = await run('true', { memory: '10M' });
      stdout.trim();
      spawn('true', { memory: '10M' }).stdout.resume();
      export const now: number = native.monotonicNs();
      export function said(error: unknown): string {
        return error instanceof ExitError ? error.outcome.stdout.toString('utf8') : '';
      }
      export function typed(error: ExitError | MemoryLimitError): string | Buffer {
        // @ts-expect-error it is text or a Buffer, not any
        const wrong: number = error.outcome.stdout;
        return error.outcome.stdout ?? wrong;
      }
      export const same = (cgroup: Cgroup): AnyCgroup => cgroup;
      // @ts-expect-error this entry has only its type
      export const none = memcage.Cgroup;`,
    );
    tsc('--noEmit');
  }
}

/** Where there is a binary: it must stay in use. */
function failToBuild() {
  const command = ['--prefix', installed, 'run', 'build:native'];
  const env = { ...process.env, CXX: 'false' };
  const { status, stderr } = spawnSync('npm', command, { cwd: project, env, encoding: 'utf8' });
  assert.equal(status, 1);
  assert.match(stderr, /node-gyp ended with 1\. The package is as it was installed\. Install a C\+\+20 compiler/);
  assert(!existsSync(join(installed, 'build')), 'half a build in place of the binary of the package');
}

/** By the command of the error, where there is no binary. */
function build() {
  rmSync(join(installed, 'prebuilds'), { recursive: true });
  const failing = `const { native } = require('memcage/native'); try { native.constants; } catch ({ message }) { console.log(message); }`;
  const [command] = /npm --prefix .*$/.exec(execute(process.execPath, ['--eval', failing]).trim()) ?? [];
  assert(command !== undefined, 'the error has no command that builds the addon');
  execFileSync('sh', ['-c', command], { cwd: project, stdio: ['ignore', 'ignore', 'inherit'] });
  const using = `require('memcage').spawnSync('true', { memory: '8M', namespaces: { pid: { init: true } } });
    console.log(process.report.getReport().sharedObjects.filter((path) => path.endsWith('.node')).join());`;
  const loaded = execFileSync(process.execPath, ['--eval', using], { cwd: project, encoding: 'utf8' }).trim();
  assert.equal(loaded, join(realpathSync(installed), 'build/Release/memcage.node'));
}

/** Their packages are optional, so nothing installs them. */
function loadMetrics() {
  for (const entry of ['prometheus', 'otel', 'bullmq']) {
    node(
      'module',
      `const error = await import('memcage/${entry}').then(() => undefined, (reason) => reason);
      if (error?.code !== 'ERR_MEMCAGE_NO_PACKAGE' || !/npm install /.test(error.message)) throw error ?? new Error('loaded');`,
    );
  }
  for (const name of ['prom-client', '@opentelemetry']) {
    symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name));
  }
  const check = `
    const cage = createCage({ memory: '8M' });
    observeCgroups().close();
    collectCgroups();
    register.metrics().then((text) => {
      if (!text.includes('memcage_cages 1')) throw new Error('another memcage than that of the package:' + text);
      return cage.close();
    });`;
  node(
    'commonjs',
    `const { createCage } = require('memcage'); const { collectCgroups } = require('memcage/prometheus');
    const { observeCgroups } = require('memcage/otel'); const { register } = require('prom-client'); ${check}`,
  );
  node(
    'module',
    `import { createCage } from 'memcage'; import { collectCgroups } from 'memcage/prometheus';
    import { observeCgroups } from 'memcage/otel'; import { register } from 'prom-client'; ${check}`,
  );
}

function node(type, code) {
  execute(process.execPath, [`--input-type=${type}`, '--eval', code]);
}

function execute(file, args) {
  return execFileSync(file, args, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

function npm(cwd, ...args) {
  execFileSync('npm', args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
}
