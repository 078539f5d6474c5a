// Fails unless the tarball that `npm run test:pack` has made is what users should get: all of it, no more, and not large.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Unpacked. */
const MAX_BYTES = 4_000_000;
const MAX_FILES = 350;
/** What else is at the root of the package, beside dist/, prebuilds/ and native/. */
const OTHERS = ['CHANGELOG.md', 'LICENSE', 'README.md', 'memcage.gypi', 'package.json', 'scripts/build-native.mjs'];

export function checkTarball(tarball) {
  const listing = execFileSync('tar', ['-tvzf', tarball], { encoding: 'utf8' });
  const files = Array.from(listing.matchAll(/^(\S+) +\S+ +(\d+) .* package\/(.+)$/gm), ([, mode, bytes, path]) => ({
    mode,
    bytes: Number(bytes),
    path,
  }));
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  assert(bytes <= MAX_BYTES, `the package has ${bytes} bytes, and may have ${MAX_BYTES}`);
  assert(files.length <= MAX_FILES, `the package has ${files.length} files, and may have ${MAX_FILES}`);

  const paths = files.map(({ path }) => path);
  const others = paths.filter((path) => !/^(dist|prebuilds|native)\//.test(path)).sort();
  // Above all no binding.gyp: whatever "gypfile" says, pnpm 9 and Yarn 1 would build at once, and pnpm 10 and Yarn 4 would warn.
  assert.deepEqual(others, OTHERS);
  assert.deepEqual(
    paths.filter((path) => /^native\/.*\.md$/.test(path)),
    [],
  );
  for (const path of entryFiles()) assert(paths.includes(path), `no ${path} in the tarball`);
  // The declarations of the modules would be hundreds of files.
  const modules = paths.filter((path) => /^dist\/(?!parts\/)[^/]+\//.test(path));
  assert.deepEqual(modules, []);

  const modes = new Map(files.map(({ path, mode }) => [path, mode]));
  for (const arch of ['x64', 'arm64']) {
    for (const name of ['memcage.node', 'memcage-exec']) {
      assert.equal(modes.get(`prebuilds/linux-${arch}/${name}`), '-rwxr-xr-x', `${name} for ${arch} in the tarball`);
    }
  }
  return { bytes, files: files.length };
}

/** All that `exports` and `bin` of package.json name. */
function entryFiles() {
  const { exports, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const named = [];
  JSON.stringify([exports, bin], (_, value) => {
    if (typeof value === 'string') named.push(value.replace(/^\.\//, ''));
    return value;
  });
  return named;
}
