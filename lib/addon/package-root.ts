import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The directory of this copy of memcage, which has its package.json. */
export const PACKAGE_ROOT = findRoot(__dirname);

/** From `dist/` that is one step up, from a room of `lib/` more. */
function findRoot(from: string): string {
  for (let directory = from; ; directory = dirname(directory)) {
    if (existsSync(join(directory, 'package.json')) || dirname(directory) === directory) return directory;
  }
}
