// What is in the root file systems as /mnt/package: the packed package as a user has it, and the smoke suite.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Fills that directory. The options are those of `npm pack`. */
export function installPackage(directory, options) {
  const modules = join(directory, 'node_modules');
  const memcage = join(modules, 'memcage');
  mkdirSync(memcage, { recursive: true });
  execFileSync('tar', ['-xzf', pack(directory, options), '--strip-components', '1', '-C', memcage]);
  const { dependencies = {} } = JSON.parse(readFileSync(join(memcage, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) {
    cpSync(join(root, 'node_modules', name), join(modules, name), { recursive: true });
  }
  cpSync(join(root, 'test/smoke'), join(directory, 'smoke'), { recursive: true });
}

/** Path of the tarball. */
function pack(directory, options) {
  const words = ['pack', '--loglevel=warn', '--pack-destination', directory, ...options];
  execFileSync('npm', words, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  return join(
    directory,
    readdirSync(directory).find((name) => name.endsWith('.tgz')),
  );
}

/** Where the addon is in that directory. */
export function addonIn(directory) {
  const prebuilds = join('node_modules/memcage/prebuilds', `linux-${process.arch}`);
  return join(
    prebuilds,
    readdirSync(join(directory, prebuilds)).find((name) => name.endsWith('.node')),
  );
}
