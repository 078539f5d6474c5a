// Usage: prebuilds.mjs [ARCH...]
// Makes prebuilds/linux-ARCH for x64 and arm64, or for those named: the addon and the launcher, as the package has
// them. Each is built in a directory of its own, because node-gyp begins with the removal of build/, where the checkout
// has its own addon.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import prebuildify from 'prebuildify';
import { forgetLibraries } from './forget-libraries.mjs';

/** The names under which Debian has the compiler for each, on that machine itself too. */
const TRIPLETS = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

const root = join(import.meta.dirname, '..');
const work = join(root, 'build/prebuilds');

function parse(names) {
  const unknown = names.find((name) => !(name in TRIPLETS));
  if (unknown === undefined) return names.length > 0 ? names : Object.keys(TRIPLETS);
  throw new Error(`There is no compiler for ${unknown} here: choose from ${Object.keys(TRIPLETS).join(', ')}`);
}

async function build(arch) {
  const from = join(work, arch);
  rmSync(from, { recursive: true, force: true });
  mkdirSync(from, { recursive: true });
  for (const name of ['binding.gyp', 'memcage.gypi', 'native', 'package.json'])
    symlinkSync(join(root, name), join(from, name));

  const tool = (name) => `${TRIPLETS[arch]}-${name}`;
  // prebuildify passes the environment on to node-gyp, and has no options for these.
  Object.assign(process.env, {
    CC: tool('gcc'),
    CXX: tool('g++'),
    AR: tool('ar'),
    // The bytes must not depend on where the checkout is.
    CXXFLAGS: `-ffile-prefix-map=${from}=. -ffile-prefix-map=${root}=.`,
    JOBS: 'max',
    npm_config_loglevel: 'error',
  });
  await promisify(prebuildify)({
    cwd: from,
    out: from,
    platform: 'linux',
    arch,
    targets: [process.versions.node],
    napi: true,
    strip: true,
    stripBin: tool('strip'),
    // For the headers of Node.
    cache: join(work, 'cache'),
  });
  const made = join(from, 'prebuilds', `linux-${arch}`);
  copyFileSync(join(from, 'build/Release/memcage-exec'), join(made, 'memcage-exec'));
  finish(made);
  // Whole, and only what passed the checks.
  const place = join(root, 'prebuilds', `linux-${arch}`);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(dirname(place), { recursive: true });
  renameSync(made, place);
}

function finish(directory) {
  const addon = join(directory, 'memcage.node');
  // Also while it names libraries: what someone builds does.
  checkBinary(addon);
  forgetLibraries(addon);
  checkBinary(addon);
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    checkPaths(path);
    // Whatever the umask here: a package that root installs is for all users.
    chmodSync(path, 0o755);
  }
}

function checkBinary(path) {
  execFileSync(process.execPath, [join(import.meta.dirname, 'check-binary.mjs'), path], { stdio: 'inherit' });
}

function checkPaths(path) {
  if (readFileSync(path).includes(root)) throw new Error(`${path} contains the path of the checkout`);
}

for (const arch of parse(process.argv.slice(2))) await build(arch);
