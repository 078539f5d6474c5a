import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { ErrorCode, MemcageError } from '../../../common/errors/errors';
import { CURE, words } from '../../../common/errors/words';
import { printable, shellWord } from '../../../common/text/names';

const ELSEWHERE = 'name another file in learn.file';

/** Why a file can't be had. */
export function fileError(path: string, cause: unknown): MemcageError {
  if (cause instanceof MemcageError) return cause;
  const reason = printable(messageOf(cause));
  const { code, errno, syscall, path: refused } = detailsOf(cause);
  const cure = code === undefined ? cureOfContent(path) : cureOfRefusal(path, code, refused);
  const message = words`The file of learned limits ${printable(path)} can't be used: ${reason}${CURE}${cure}`;
  return new MemcageError(ErrorCode.LEARN_FILE, message, { errno, syscall, path, cause });
}

function cureOfContent(path: string): string {
  const word = shellWord(path);
  return `memcage does not overwrite it, so move it away (mv -- ${word} ${shellWord(`${path}.old`)}) to learn anew, or ${ELSEWHERE}`;
}

function cureOfRefusal(path: string, code: string, refused: string | undefined): string {
  const directory = shellWord(dirname(path));
  // Another user's process that was killed as it saved may have left it, or somebody put a link there.
  if (refused !== undefined && refused !== path && isThere(refused))
    return `rm -- ${shellWord(refused)}, or ${ELSEWHERE}`;
  if (code === 'ENOENT') return `mkdir -p -- ${directory}`;
  if (code === 'EACCES' || code === 'EPERM') {
    return `let this user write the file, and make files in its directory ${directory}; or ${ELSEWHERE}`;
  }
  return ELSEWHERE;
}

function isThere(path: string): boolean {
  try {
    const stats = lstatSync(path);
    return stats.isFile() || stats.isSymbolicLink();
  } catch {
    return false;
  }
}

function detailsOf(error: unknown): Pick<NodeJS.ErrnoException, 'code' | 'errno' | 'syscall' | 'path'> {
  // Only what a system call refused has one.
  return isErrnoException(error) ? error : {};
}

// Node's own errors are of another realm than this code where that runs in a vm context, as in Jest.
function isErrnoException(error: unknown): error is NodeJS.ErrnoException {
  return typeof error === 'object' && error !== null && 'syscall' in error;
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}
