import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { CURE } from '../../common/errors/words';

/** The file with the newest notes, and the one before it: native/guardian/notes.cc. */
export const NOTE_FILES = ['ends', 'ends-before'] as const;

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
/** What others may do with a file. */
const OTHERS = 0o077;

/**
 * Where notes of this user may be, in the order in which a guardian tries them. A service has other variables than a shell: who
 * looks for notes looks in all of them.
 */
export function* notesDirectories(): Iterable<string> {
  const uid = process.geteuid?.() ?? 0;
  const { XDG_RUNTIME_DIR: runtime = '' } = process.env;
  if (isAbsolute(runtime) && ownerOf(runtime) === uid) yield join(runtime, 'memcage');
  yield uid === 0 ? '/run/memcage' : `/run/user/${uid}/memcage`;
  // Behind a dot, since it stays: nobody else is to take it for a file that was left behind.
  yield join(tmpdir(), `.memcage-${uid}`);
}

/** Who has become another user may still have that of the first. Undefined if it is not there. */
function ownerOf(path: string): number | undefined {
  try {
    return statSync(path).uid;
  } catch {
    return undefined;
  }
}

/**
 * Opens the directory for the notes of this user: the first that is there, or can be made. Undefined if there can be none, or
 * others could write to it. As {@link openOwn} says, Node has to close it.
 */
export function openNotesDirectory(paths = notesDirectories()): number | undefined {
  const path = firstOf(paths, isThere);
  return path === undefined ? undefined : openOwn(path, O_DIRECTORY);
}

/** Why no guardian can write notes, with a cure; undefined if it can. */
export function notesTrouble(paths = notesDirectories()): string | undefined {
  const directory = firstOf(paths, isAnything);
  if (directory === undefined) return undefined;
  const [file] = NOTE_FILES.map((name) => join(directory, name)).filter(isAnything);
  for (const path of [directory, ...(file === undefined ? [] : [file])]) {
    const fd = openOwn(path);
    if (fd === undefined) return `${path} does not belong to this user alone${CURE.text}remove it`;
    closeSync(fd);
    try {
      accessSync(path, constants.W_OK);
    } catch {
      return `${path} can't be written${CURE.text}set XDG_RUNTIME_DIR to a directory that can`;
    }
  }
  return statfsSync(directory).bavail > 0 ? undefined : `no space is left in ${directory}${CURE.text}make some`;
}

/** Asks for no more of them than it must: this is part of the first start. */
function firstOf(paths: Iterable<string>, is: (path: string) => boolean): string | undefined {
  for (const path of paths) if (is(path)) return path;
  return undefined;
}

function isAnything(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isThere(path: string): boolean {
  try {
    mkdirSync(path, 0o700);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST';
  }
}

/**
 * Opens what belongs to this user alone. Others could have made it, or link to it, to be believed or to have it written to.
 * Close it by Node's own function: as a worker thread ends, Node closes what it has opened, whatever has that number by then.
 */
export function openOwn(path: string, flags = 0): number | undefined {
  let fd: number;
  try {
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | constants.O_NONBLOCK | flags);
  } catch {
    return undefined;
  }
  try {
    const { uid, mode } = fstatSync(fd);
    if (uid === process.geteuid?.() && (mode & OTHERS) === 0) return fd;
  } catch {
    // Nor is it known whose it is.
  }
  closeSync(fd);
  return undefined;
}
