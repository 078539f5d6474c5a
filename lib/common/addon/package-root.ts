import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { shellWord } from '../text/names';

/** The directory of this copy of memcage, which contains its package.json. */
export const PACKAGE_ROOT = findRoot(__dirname);

/** The root is one step up from `dist/`, and more from a room of `lib/`. */
function findRoot(from: string): string {
  for (let directory = from; ; directory = dirname(directory)) {
    if (existsSync(join(directory, 'package.json')) || dirname(directory) === directory) return directory;
  }
}

/** What builds the addon and memcage-exec in this copy of memcage, whatever package manager installed it. */
export function buildCommand(): string {
  // With Yarn's Plug'n'Play only a program that Yarn starts finds the headers in node-addon-api.
  const through = process.versions['pnp'] === undefined ? '' : 'yarn exec ';
  return `${through}npm --prefix ${shellWord(PACKAGE_ROOT)} run build:native`;
}
