// Makes a copy of the checkout whose addon, tests' addons and launcher are built with a sanitizer, and a node with the
// sanitizer's runtime.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '../..');

const RUNTIME = { address: 'asan', thread: 'tsan' };
const COMPILER = 'clang-19';

/** What a kind has in build/. */
export function placeOf(kind) {
  const place = join(root, 'build', kind);
  return { place, checkout: join(place, 'checkout'), bin: join(place, 'bin'), reports: join(place, 'reports') };
}

/** Everything that `runIn` needs. */
export function build(kind) {
  const { place, checkout } = placeOf(kind);
  run(join(root, 'scripts/ensure-packages.sh'), [
    COMPILER,
    `${runtimeOf(kind)}:libclang-rt-19-dev`,
    'patchelf',
    'addr2line:binutils',
    'make',
  ]);
  copyCheckout(checkout);
  makeNode(kind);
  const options = ['-I', join(checkout, 'test/sanitize/sanitize.gypi'), `-Dkind=${kind}`, `-Dplace=${place}`];
  const env = { ...process.env, CC: COMPILER, CXX: COMPILER.replace('clang', 'clang++') };
  for (const directory of ['.', 'test/native']) {
    // npx, because npm may know where the headers of Node are.
    const gyp = (...words) => run('npx', ['node-gyp', ...words], { cwd: join(checkout, directory), env });
    gyp('configure', '--loglevel', 'error', '--', ...options);
    gyp('build', '--jobs', 'max', '--loglevel', 'error');
  }
}

/** The environment in which node and the programs named `node` have the runtime. */
export function environmentOf(kind, env = process.env) {
  return { ...env, PATH: `${placeOf(kind).bin}:${env.PATH}` };
}

function runtimeOf(kind) {
  const name = `libclang_rt.${RUNTIME[kind]}-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so`;
  return join('/usr/lib/llvm-19/lib/clang/19/lib/linux', name);
}

/**
 * LD_PRELOAD would reach every program that a test starts, and some tests look at the environment. This node is linked
 * with the runtime, and nothing else is.
 */
function makeNode(kind) {
  const { place, bin } = placeOf(kind);
  mkdirSync(bin, { recursive: true });
  const node = join(bin, 'node');
  const options = join(bin, 'options.so');
  const source = join(import.meta.dirname, 'defaults.cc');
  run(COMPILER, ['-shared', '-fPIC', '-o', options, `-DMEMCAGE_PLACE="${place}"`, source]);
  // A process may still run the one before.
  rmSync(node, { force: true });
  copyFileSync(realpathSync(process.execPath), node);
  for (const library of [realpathSync(runtimeOf(kind)), options]) run('patchelf', ['--add-needed', library, node]);
}

/** Copies what has changed, so that make builds only that. */
function copyCheckout(checkout) {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' });
  const wanted = new Set(listed.split('\0').filter((path) => path !== '' && existsSync(join(root, path))));
  for (const directory of ['dist', 'out']) {
    if (!existsSync(join(root, directory))) continue;
    for (const path of filesIn(join(root, directory))) wanted.add(join(directory, path));
  }
  for (const path of wanted) copyFile(join(root, path), join(checkout, path));
  for (const path of filesIn(checkout)) {
    const isMade = /^(test\/native\/)?build\/|^node_modules$/.test(path);
    if (!isMade && !wanted.has(path)) rmSync(join(checkout, path));
  }
  const modules = join(checkout, 'node_modules');
  if (!existsSync(modules)) symlinkSync(join(root, 'node_modules'), modules);
}

function copyFile(from, to) {
  const { mtimeMs, mtime, size, mode } = lstatSync(from);
  const before = lstatSync(to, { throwIfNoEntry: false });
  if (before !== undefined && Math.abs(before.mtimeMs - mtimeMs) < 1 && before.size === size) return;
  mkdirSync(dirname(to), { recursive: true });
  rmSync(to, { force: true });
  if ((mode & 0o170000) === 0o120000) return symlinkSync(readlinkSync(from), to);
  copyFileSync(from, to);
  chmodSync(to, mode);
  utimesSync(to, mtime, mtime);
}

function filesIn(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
}

function run(file, args, options) {
  const { status, error } = spawnSync(file, args, { cwd: root, stdio: 'inherit', ...options });
  if (status !== 0) throw new Error(`${file} ${args[0]}: ${error?.message ?? `ended with ${status}`}`);
}
