import { accessSync, constants as fs, statSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import type { NamespaceOptions } from '../../../types/options';
import type { Program } from '../../process/launch-contract';
import type { Root } from '../../process/root/root';

const { EACCES, ENOENT, ENOTDIR } = constants.errno;
const NOT_HERE: ReadonlySet<number> = new Set([-EACCES, -ENOENT, -ENOTDIR]);

/** What execvp(3) searches when PATH is unset: confstr(_CS_PATH). */
const DEFAULT_PATH = '/bin:/usr/bin';

/**
 * The errno with which exec would fail now, as far as a look at the path of the program tells; undefined: it may succeed, or
 * nobody here can tell, since the child sees other files or has other rights.
 */
export function foreseeProgram(
  { file, env, cwd = '.', uid, gid }: Program,
  { namespaces, root }: { namespaces: NamespaceOptions; root: Root | undefined },
): number | undefined {
  if (uid !== undefined || gid !== undefined || root !== undefined) return undefined;
  if (Object.keys(namespaces).length > 0) return undefined;
  // A lookup of nothing is not one of the working directory.
  if (file === '') return -ENOENT;
  let errno: number | undefined = -ENOENT;
  let isDenied = false;
  for (const candidate of candidates(file, env)) {
    errno = refusalOf(resolve(cwd, candidate));
    if (errno === undefined || !NOT_HERE.has(errno)) return undefined;
    isDenied ||= errno === -EACCES;
  }
  return isDenied ? -EACCES : errno;
}

function candidates(file: string, env: readonly string[]): string[] {
  if (file.includes('/')) return [file];
  const path = env.find((entry) => entry.startsWith('PATH='))?.slice('PATH='.length) ?? DEFAULT_PATH;
  return path.split(':').map((directory) => (directory === '' ? file : `${directory}/${file}`));
}

/** Undefined: the file may be run, as far as its permissions say, or the look was refused. */
function refusalOf(path: string): number | undefined {
  try {
    accessSync(path, fs.X_OK);
    return statSync(path).isFile() ? undefined : -EACCES;
  } catch (error) {
    return (error as NodeJS.ErrnoException).errno;
  }
}
