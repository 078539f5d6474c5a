// Makes of a directory what a user has after an install, with the smoke suite beside it.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const TARBALL = join(root, 'build/package/memcage.tgz');

/** From the tarball that `npm run test:pack` has made. */
export function installPackage(directory) {
  const modules = join(directory, 'node_modules');
  const memcage = join(modules, 'memcage');
  mkdirSync(memcage, { recursive: true });
  execFileSync('tar', ['-xzf', TARBALL, '--strip-components', '1', '-C', memcage]);
  const { dependencies = {} } = JSON.parse(readFileSync(join(memcage, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) {
    cpSync(join(root, 'node_modules', name), join(modules, name), { recursive: true });
  }
  cpSync(join(root, 'test/smoke'), join(directory, 'smoke'), { recursive: true });
}

/** Where the addon is in that directory. */
export function addonIn(directory, arch = process.arch) {
  const prebuilds = join('node_modules/memcage/prebuilds', `linux-${arch}`);
  return join(
    prebuilds,
    readdirSync(join(directory, prebuilds)).find((name) => name.endsWith('.node')),
  );
}
