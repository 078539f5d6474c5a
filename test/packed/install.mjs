// Makes of a directory what a user has after an install, with the smoke suite beside it.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execute } from './children.mjs';

const root = join(import.meta.dirname, '../..');

/** Packs the package if there is no tarball: with `isAsBuilt` from what is already built for it. */
export async function installPackage(directory, { tarball, isAsBuilt = false }) {
  const modules = join(directory, 'node_modules');
  const memcage = join(modules, 'memcage');
  mkdirSync(memcage, { recursive: true });
  const file = tarball ?? (await pack(directory, isAsBuilt));
  execFileSync('tar', ['-xzf', file, '--strip-components', '1', '-C', memcage]);
  const { dependencies = {} } = JSON.parse(readFileSync(join(memcage, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) {
    cpSync(join(root, 'node_modules', name), join(modules, name), { recursive: true });
  }
  cpSync(join(root, 'test/smoke'), join(directory, 'smoke'), { recursive: true });
}

/** Path of the tarball. */
async function pack(directory, isAsBuilt) {
  const options = ['--loglevel=warn', '--pack-destination', directory];
  if (isAsBuilt) options.push('--ignore-scripts');
  const { status, signal } = await execute('npm', ['pack', ...options], { cwd: root });
  if (status !== 0) throw new Error(`npm pack ended with ${status ?? signal}`);
  return join(
    directory,
    readdirSync(directory).find((name) => name.endsWith('.tgz')),
  );
}

/** Where the addon is in that directory. */
export function addonIn(directory, arch = process.arch) {
  const prebuilds = join('node_modules/memcage/prebuilds', `linux-${arch}`);
  return join(
    prebuilds,
    readdirSync(join(directory, prebuilds)).find((name) => name.endsWith('.node')),
  );
}
