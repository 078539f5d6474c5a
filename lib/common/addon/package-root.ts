import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { shellWord } from '../text/names';

const CODE = codeDirectory();

/** The directory of this copy of memcage, which contains its package.json. In a bundle that of the package around it. */
export const PACKAGE_ROOT = findRoot(CODE);

function codeDirectory(): string {
  const [, main = process.execPath] = process.argv;
  // In an executable that Bun has compiled, __dirname is where this file was at that time.
  if (main.startsWith('/$bunfs/')) return dirname(process.execPath);
  // A module of ECMAScript, which a bundler may have made of this file, has no __dirname. Then it is what Node runs.
  return typeof __dirname === 'string' ? __dirname : dirname(main);
}

/** The root is one step up from `dist/`, and more from a room of `lib/`. */
function findRoot(from: string): string {
  for (let directory = from; ; directory = dirname(directory)) {
    if (existsSync(join(directory, 'package.json')) || dirname(directory) === directory) return directory;
  }
}

/** The directories in which the addon may be, built or prebuilt: this package, and that of a bundle. */
export const ADDON_PLACES: readonly string[] = [PACKAGE_ROOT, CODE];

/** The directory of `prebuilds/` beside this code, if a bundler has put it into a file of others. */
export function bundleDirectory(): string | undefined {
  try {
    const { name } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { name?: unknown };
    return name === 'memcage' ? undefined : CODE;
  } catch {
    return CODE;
  }
}

/** A file of `dist/` that Node loads by its path; in a bundle the one beside it. It may be missing. */
export function companionPath(name: string): string {
  const own = join(CODE, name);
  return existsSync(own) ? own : join(PACKAGE_ROOT, 'dist', name);
}

/** What builds the addon and memcage-exec in this copy of memcage, whatever package manager installed it. */
export function buildCommand(): string {
  // With Yarn's Plug'n'Play only a program that Yarn starts finds the headers in node-addon-api.
  const through = process.versions['pnp'] === undefined ? '' : 'yarn exec ';
  return `${through}npm --prefix ${shellWord(PACKAGE_ROOT)} run build:native`;
}
