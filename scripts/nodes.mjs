// Usage: nodes.mjs [--others] [--beside] [NAME...] -- ARGUMENT...
//    or: nodes.mjs --install NAME...
// Runs `node ARGUMENT...` by each supported version of Node, or by what is named (20, 22 ..., bun, deno), one after the
// other; with --others by all but the version that runs this; with --beside two at a time for each processor, where they can
// be kept apart. They are npm's packages, kept in build/nodes. In an argument {} stands for the name. Exit code 1 when one of
// them fails.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { canRunBeside, makePlace } from './beside.mjs';

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
  if (installs !== (end === -1) || flags.some((flag) => !['--install', '--others', '--beside'].includes(flag))) {
    throw new Error('Usage: nodes.mjs [--others] [--beside] [NAME...] -- ARGUMENT... or nodes.mjs --install NAME...');
  }
  const unknown = named.find((name) => !(name in RUNTIMES));
  if (unknown !== undefined) {
    throw new Error(`There is no ${unknown} here: choose from ${Object.keys(RUNTIMES).join(', ')}`);
  }
  const [current] = process.versions.node.split('.');
  const all = NODES.filter((name) => !(flags.includes('--others') && name === current));
  return { names: named.length > 0 ? named : all, installs, beside: flags.includes('--beside'), args };
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

/** @param place of its own, where it runs beside others: then each line of what it says has its name. */
async function run(name, path, args, place) {
  const words = args.map((arg) => arg.replaceAll('{}', name));
  const title = `${name} (${RUNTIMES[name].version})`;
  console.log(`=== ${title}: ${words.join(' ')}`);
  // Also for what is called `node`, or begins with `#!/usr/bin/env node`.
  const env = { ...process.env, PATH: `${dirname(path)}${delimiter}${process.env.PATH}`, ...place?.env };
  const [file, ...rest] = [...(place?.command ?? []), path, ...words];
  const stdio = place === undefined ? 'inherit' : ['ignore', 'pipe', 'pipe'];
  const child = spawn(file, rest, { cwd: root, stdio, env });
  for (const input of [child.stdout, child.stderr]) {
    if (input !== null) createInterface({ input }).on('line', (line) => console.log(`${name} | ${line}`));
  }
  const [status, signal] = await once(child, 'close');
  place?.remove();
  if (status !== 0) console.log(`=== ${title}: ended with ${status ?? signal}`);
  return status === 0;
}

/** Returns how many have failed. */
async function runAll(names, args, beside) {
  const queue = names.map((name) => [name, install(name)]);
  let failed = 0;
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (!(await run(...next, args, beside ? makePlace(next[0]) : undefined))) failed += 1;
    }
  };
  await Promise.all(Array.from({ length: beside ? 2 * availableParallelism() : 1 }, worker));
  return failed;
}

const { names, installs, beside, args } = parse(process.argv.slice(2));
if (installs) for (const name of names) console.log(install(name));
else if ((await runAll(names, args, beside && canRunBeside())) > 0) process.exitCode = 1;
