// Usage: check-binary.mjs FILE...
// Fails when an addon, memcage.node of any architecture, would not load everywhere: it may need only the functions of
// libc-symbols.txt, in versions that glibc 2.28 has, and it may not be large.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Node's own minimum. */
const GLIBC = [2, 28];
/** What musl's loader takes as itself: https://git.musl-libc.org/cgit/musl/tree/ldso/dynlink.c, `reserved`. */
const LIBRARIES = ['libc.so.6', 'libdl.so.2', 'libm.so.6', 'libpthread.so.0', 'librt.so.1'];
const EXPORTS = [/^napi_register_module_v1$/, /^node_api_module_get_api_version_v1$/, /^memcage_guardian_state_\d+$/];
const MAX_BYTES = 300_000;

const LIST = 'scripts/libc-symbols.txt';
const known = new Set(
  readFileSync(join(import.meta.dirname, 'libc-symbols.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#')),
);

function readelf(...args) {
  return execFileSync('readelf', ['-W', ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

/** The dynamic symbols of an ELF file. */
function symbolsOf(path) {
  return [...readelf('--dyn-syms', path).matchAll(/^ *\d+: .+$/gm)].flatMap(([line]) => {
    const [, , , , binding, , index, versioned] = line.trim().split(/\s+/);
    if (versioned === undefined || binding === 'LOCAL') return [];
    const [name, version] = versioned.split(/@+/);
    return [{ name, version, isWeak: binding === 'WEAK', isNeeded: index === 'UND' }];
  });
}

function isTooNew(version) {
  const [, major, minor = 0] = /^GLIBC_(\d+)\.(\d+)/.exec(version) ?? [];
  return !(Number(major) < GLIBC[0] || (Number(major) === GLIBC[0] && Number(minor) <= GLIBC[1]));
}

function* faultsOfNeeded({ name, isWeak, version }) {
  if (/^(napi|node_api)_/.test(name) || (isWeak && version === undefined) || known.has(name)) return;
  yield `needs ${name}: add it to ${LIST} if musl 1.2 has it; see native/sys/runtime.cc if only the C++ runtime calls it`;
}

/** Some belong to no symbol, such as GLIBC_ABI_DT_RELR. */
function* faultsOfVersions(path) {
  for (const [, version] of readelf('-V', path).matchAll(/Name: (\S+)/g)) {
    if (isTooNew(version)) {
      yield `needs ${version}, newer than GLIBC_${GLIBC.join('.')}${namesOf(version, path)}: see native/sys/old_symbols.h`;
    }
  }
}

function namesOf(wanted, path) {
  const names = symbolsOf(path).flatMap(({ name, version }) => (version === wanted ? [name] : []));
  return names.length === 0 ? '' : ` (${names.join(', ')})`;
}

/** The size without the symbols that only debuggers read, as in the package. */
function strippedBytes(path) {
  const directory = mkdtempSync(join(tmpdir(), 'memcage-strip-'));
  try {
    const copy = join(directory, 'memcage.node');
    copyFileSync(path, copy);
    // Other architectures have a strip of their own, and are stripped already.
    if (readelf('-h', path).includes('X86-64') === (process.arch === 'x64')) execFileSync('strip', [copy]);
    return statSync(copy).size;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function* faultsOf(path) {
  for (const [, library] of readelf('-d', path).matchAll(/\(NEEDED\).*\[(.+)\]/g)) {
    if (!LIBRARIES.includes(library)) yield `needs ${library}, which musl's loader does not take as itself`;
  }
  yield* faultsOfVersions(path);
  for (const symbol of symbolsOf(path)) {
    if (symbol.isNeeded) yield* faultsOfNeeded(symbol);
    else if (!EXPORTS.some((pattern) => pattern.test(symbol.name))) {
      yield `exports ${symbol.name}: see native/exports.map`;
    }
  }
  const bytes = strippedBytes(path);
  if (bytes > MAX_BYTES) yield `has ${bytes} bytes, more than ${MAX_BYTES}`;
}

const paths = process.argv.slice(2);
const missing = paths.find((path) => !existsSync(path));
if (paths.length === 0 || missing !== undefined) {
  console.error(
    missing === undefined ? 'Usage: check-binary.mjs FILE...' : `There is no ${missing}: npm run build first`,
  );
  process.exit(1);
}
for (const path of paths) {
  for (const fault of faultsOf(path)) {
    console.error(`${path} ${fault}`);
    process.exitCode = 1;
  }
}
