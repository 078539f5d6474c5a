// Usage: nodes.mjs [--others] [NAME...] -- ARGUMENT...
//    or: nodes.mjs --install NAME...
// Runs `node ARGUMENT...` by each supported version of Node, or by what is named (20, 22 ..., bun, deno), one after the
// other; with --others by all but the version that runs this. They are npm's packages, kept in build/nodes. In an argument
// {} stands for the name. Exit code 1 when one of them fails.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

const isArm = process.arch === 'arm64';
const node = { package: `node-linux-${process.arch}`, program: 'bin/node' };

/** What the figures in docs/nodes.md were taken with: a new version is tried out before it is written here. */
const RUNTIMES = {
  20: { ...node, version: '20.20.2' },
  22: { ...node, version: '22.23.3' },
  24: { ...node, version: '24.21.0' },
  26: { ...node, version: '26.10.0' },
  bun: { package: `@oven/bun-linux-${isArm ? 'aarch64' : 'x64'}`, program: 'bin/bun', version: '1.4.5' },
  deno: { package: `@deno/linux-${isArm ? 'arm64' : 'x64'}-glibc`, program: 'deno', version: '2.9.6' },
};
const NODES = Object.keys(RUNTIMES).filter((name) => RUNTIMES[name].package === node.package);

const root = join(import.meta.dirname, '..');

function parse(words) {
  const end = words.indexOf('--');
  const own = end === -1 ? words : words.slice(0, end);
  const args = end === -1 ? [] : words.slice(end + 1);
  const flags = own.filter((word) => word.startsWith('--'));
  const named = own.filter((word) => !word.startsWith('--'));
  const installs = flags.includes('--install');
  if (installs !== (end === -1) || flags.some((flag) => flag !== '--install' && flag !== '--others')) {
    throw new Error('Usage: nodes.mjs [--others] [NAME...] -- ARGUMENT... or nodes.mjs --install NAME...');
  }
  const unknown = named.find((name) => !(name in RUNTIMES));
  if (unknown !== undefined) {
    throw new Error(`There is no ${unknown} here: choose from ${Object.keys(RUNTIMES).join(', ')}`);
  }
  const [current] = process.versions.node.split('.');
  const all = NODES.filter((name) => !(flags.includes('--others') && name === current));
  return { names: named.length > 0 ? named : all, installs, args };
}

/** The program's path, build/nodes/NAME-VERSION/node_modules/PACKAGE/PROGRAM. */
function install(name) {
  const { package: from, program, version } = RUNTIMES[name];
  const place = join(root, 'build/nodes', `${name}-${version}`);
  const path = join(place, 'node_modules', from, program);
  if (existsSync(path)) return path;
  // Made whole under another name, so that an install that was interrupted does not count.
  const making = `${place}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  try {
    writeFileSync(join(making, 'package.json'), '{ "private": true }\n');
    const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    execFileSync('npm', ['install', ...options, `${from}@${version}`], { cwd: making, stdio: 'inherit' });
    rmSync(place, { recursive: true, force: true });
    renameSync(making, place);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return path;
}

function run(name, args) {
  const path = install(name);
  const words = args.map((arg) => arg.replaceAll('{}', name));
  const title = `${name} (${RUNTIMES[name].version})`;
  console.log(`=== ${title}: ${words.join(' ')}`);
  // Also for what is called `node`, or begins with `#!/usr/bin/env node`.
  const env = { ...process.env, PATH: `${dirname(path)}${delimiter}${process.env.PATH}` };
  const { status, signal } = spawnSync(path, words, { cwd: root, stdio: 'inherit', env });
  if (status !== 0) console.log(`=== ${title}: ended with ${status ?? signal}`);
  return status === 0;
}

const { names, installs, args } = parse(process.argv.slice(2));
if (installs) for (const name of names) console.log(install(name));
else if (names.filter((name) => !run(name, args)).length > 0) process.exitCode = 1;
