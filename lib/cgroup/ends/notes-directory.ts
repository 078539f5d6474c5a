import { closeSync, constants, fstatSync, mkdirSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
/** What others may do with a file. */
const OTHERS = 0o077;

/**
 * Where notes of this user may be, in the order in which a guardian tries them. A service has other variables than a shell: who
 * looks for notes looks in all of them.
 */
export function notesDirectories({ XDG_RUNTIME_DIR: runtime = '' }: NodeJS.ProcessEnv = process.env): string[] {
  const uid = process.geteuid?.() ?? 0;
  return [
    ...(isAbsolute(runtime) ? [join(runtime, 'memcage')] : []),
    ...(uid === 0 ? ['/run/memcage'] : [`/run/user/${uid}/memcage`]),
    // Behind a dot, since it stays: nobody else is to take it for a file that was left behind.
    join(tmpdir(), `.memcage-${uid}`),
  ];
}

/**
 * Opens the directory for the notes of this user: the first that is there, or can be made. Undefined if there can be none, or
 * others could write to it.
 */
export function openNotesDirectory(paths = notesDirectories()): number | undefined {
  const path = paths.find(isThere);
  return path === undefined ? undefined : openOwn(path, O_DIRECTORY);
}

function isThere(path: string): boolean {
  try {
    mkdirSync(path, 0o700);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST';
  }
}

/** Opens what belongs to this user alone. Others could have made it, or link to it, to be believed or to have it written to. */
export function openOwn(path: string, flags = 0): number | undefined {
  let fd: number;
  try {
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | constants.O_NONBLOCK | flags);
  } catch {
    return undefined;
  }
  const { uid, mode } = fstatSync(fd);
  if (uid === process.geteuid?.() && (mode & OTHERS) === 0) return fd;
  closeSync(fd);
  return undefined;
}
