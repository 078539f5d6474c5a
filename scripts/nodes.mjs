// Usage: nodes.mjs [--others] [NAME...] -- ARGUMENT...
//    or: nodes.mjs --install [--others] [--arm64] NAME...
// Runs `node ARGUMENT...` on each supported version of Node, or on those named (20, 22 ..., bun, deno), one after the
// other. With --others it leaves out the version that runs this script. The runtimes are npm packages, kept in
// build/nodes. In an argument, {} stands for the name. The exit code is 1 if one of them fails; the exit status of each
// is in runs.tsv of MEMCAGE_TEST_RESULTS, if that is set. With --install it prints the path of each; with --arm64 it
// installs those for that processor.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { allWell, namedRun } from './named-run.mjs';

/** Only to be installed: this machine may be unable to run them. */
const wantsArm64 = process.argv[2] === '--install' && process.argv.includes('--arm64');
const arch = wantsArm64 ? 'arm64' : process.arch;
const isArm = arch === 'arm64';
const node = { package: `node-linux-${arch}`, program: 'bin/node' };

const bunVersion = '1.4.5';

/** The versions behind the figures in docs/reference/nodes.md. Try a new version before you write it here. */
const RUNTIMES = {
  20: { ...node, version: '20.20.2' },
  22: { ...node, version: '22.23.3' },
  24: { ...node, version: '24.21.0' },
  26: { ...node, version: '26.10.0' },
  bun: { package: `@oven/bun-linux-${isArm ? 'aarch64' : 'x64'}`, program: 'bin/bun', version: bunVersion },
  deno: { package: `@deno/linux-${isArm ? 'arm64' : 'x64'}-glibc`, program: 'deno', version: '2.9.6' },
  'bun-musl': {
    package: `@oven/bun-linux-${isArm ? 'aarch64' : 'x64'}-musl`,
    program: 'bin/bun',
    version: bunVersion,
    isForMusl: true,
  },
  // A Node that is linked with musl, with pnpm in it. test/roots/runtimes.mjs makes it forget that.
  'pnpm-musl': { package: '@pnpm/linuxstatic-x64', program: 'pnpm', version: '11.21.0', isForMusl: true },
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
  const known = ['--install', '--others', ...(wantsArm64 ? ['--arm64'] : [])];
  if (installs !== (end === -1) || flags.some((flag) => !known.includes(flag))) {
    throw new Error(
      'Usage: nodes.mjs [--others] [NAME...] -- ARGUMENT... or nodes.mjs --install [--others] [--arm64] NAME...',
    );
  }
  const unknown = named.find((name) => !(name in RUNTIMES));
  if (unknown !== undefined) {
    throw new Error(`There is no ${unknown} here: choose from ${Object.keys(RUNTIMES).join(', ')}`);
  }
  const [current] = process.versions.node.split('.');
  const others = flags.includes('--others') ? NODES.filter((name) => name !== current) : [];
  const names = [...new Set([...others, ...named])];
  return { names: names.length > 0 ? names : NODES, installs, args };
}

/** Path of the program, build/nodes/NAME-VERSION/node_modules/PACKAGE/PROGRAM. */
function install(name) {
  const { package: from, program, version, isForMusl = false } = RUNTIMES[name];
  const place = join(root, 'build/nodes', `${name}-${version}${wantsArm64 ? '-arm64' : ''}`);
  const path = join(place, 'node_modules', from, program);
  if (existsSync(path)) return path;
  // Installed under another name first, so that an interrupted install does not count.
  const making = `${place}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  try {
    writeFileSync(join(making, 'package.json'), '{ "private": true }\n');
    const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    // Otherwise npm refuses what is for another processor, or for another C library than that of its own Node.
    if (isForMusl || wantsArm64) options.push('--force');
    // --install must print only the path.
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

/** Whether it succeeded. */
function run(name, args) {
  const path = install(name);
  const words = args.map((arg) => arg.replaceAll('{}', name));
  console.log(`=== node-${name} (${RUNTIMES[name].version}): ${words.join(' ')}`);
  // So that a program called `node`, or a script with `#!/usr/bin/env node`, gets the same version.
  const env = { ...process.env, PATH: `${dirname(path)}${delimiter}${process.env.PATH}` };
  return namedRun({ name: `node-${name}`, command: [path, ...words], env });
}

const { names, installs, args } = parse(process.argv.slice(2));
if (installs) for (const name of names) console.log(install(name));
else if (!(await allWell(names, 1, (name) => run(name, args)))) process.exitCode = 1;
