// Usage: nodes.mjs [--others] [--beside] [NAME...] -- ARGUMENT...
//    or: nodes.mjs --install [--others] NAME...
// Runs `node ARGUMENT...` by each supported version of Node, or by what is named (20, 22 ..., bun, deno), one after the
// other; with --others by all but the version that runs this; with --beside two at a time for each processor, where they can
// be kept apart. They are npm's packages, kept in build/nodes. In an argument {} stands for the name. Exit code 1 when one of
// them fails; how each ended is in runs.tsv of MEMCAGE_TEST_RESULTS, where that is set.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { canRunBeside, makePlace } from './beside.mjs';
import { allWell, namedRun } from './named-run.mjs';

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
    throw new Error(
      'Usage: nodes.mjs [--others] [--beside] [NAME...] -- ARGUMENT... or nodes.mjs --install [--others] NAME...',
    );
  }
  const unknown = named.find((name) => !(name in RUNTIMES));
  if (unknown !== undefined) {
    throw new Error(`There is no ${unknown} here: choose from ${Object.keys(RUNTIMES).join(', ')}`);
  }
  const [current] = process.versions.node.split('.');
  const others = flags.includes('--others') ? NODES.filter((name) => name !== current) : [];
  const names = [...new Set([...others, ...named])];
  return { names: names.length > 0 ? names : NODES, installs, beside: flags.includes('--beside'), args };
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
    // What --install prints is the path alone.
    execFileSync('npm', ['install', ...options, `${from}@${version}`], {
      cwd: making,
      stdio: ['ignore', process.stderr, process.stderr],
    });
    rmSync(place, { recursive: true, force: true });
    renameSync(making, place);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return path;
}

/** Whether it has ended well. */
function run([name, path], args, place) {
  const words = args.map((arg) => arg.replaceAll('{}', name));
  console.log(`=== node-${name} (${RUNTIMES[name].version}): ${words.join(' ')}`);
  // Also for what is called `node`, or begins with `#!/usr/bin/env node`.
  const env = { ...process.env, PATH: `${dirname(path)}${delimiter}${process.env.PATH}` };
  return namedRun({ name: `node-${name}`, command: [path, ...words], env, place });
}

function runAll(names, args, beside) {
  const runtimes = names.map((name) => [name, install(name)]);
  const atOnce = beside ? 2 * availableParallelism() : 1;
  return allWell(runtimes, atOnce, (each) => run(each, args, beside ? makePlace(`node-${each[0]}`) : undefined));
}

const { names, installs, beside, args } = parse(process.argv.slice(2));
if (installs) for (const name of names) console.log(install(name));
else if (!(await runAll(names, args, beside && canRunBeside()))) process.exitCode = 1;
