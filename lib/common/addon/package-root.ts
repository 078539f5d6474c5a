import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The directory of this copy of memcage, which contains its package.json. */
export const PACKAGE_ROOT = findRoot(__dirname);

/** The root is one step up from `dist/`, and more from a room of `lib/`. */
function findRoot(from: string): string {
  for (let directory = from; ; directory = dirname(directory)) {
    if (existsSync(join(directory, 'package.json')) || dirname(directory) === directory) return directory;
  }
}
