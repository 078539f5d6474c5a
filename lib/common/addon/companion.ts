import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MemcageError } from '../errors/errors';
import { CURE, words } from '../errors/words';
import { shellWord } from '../text/names';
import { bundleDirectory, companionPath } from './package-root';

/** The path of a file of `dist/` that Node loads by its path. Throws ERR_MEMCAGE_UNSUPPORTED if it is missing, as beside a bundle. */
export function companion(name: string): string {
  const path = companionPath(name);
  if (existsSync(path)) return path;
  const bundle = bundleDirectory();
  const cure =
    bundle === undefined
      ? 'install memcage anew'
      : `copy it beside the bundle: cp ${join('node_modules/memcage/dist', name)} ${shellWord(bundle)}`;
  throw new MemcageError('ERR_MEMCAGE_UNSUPPORTED', words`${path}, which memcage needs, is missing${CURE}${cure}`, {
    path,
  });
}
