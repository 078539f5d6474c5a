import { accessSync, constants } from 'node:fs';
import { dirname, join } from 'node:path';
import { addonPath } from '../../common/addon/load-native';
import { buildCommand } from '../../common/addon/package-root';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import { shellWord } from '../../common/text/names';

/** Why memcage-exec can't be run. */
export interface ExecutableFailure {
  path: string;
  detail: string;
  cure: string;
  errno: number | undefined;
  syscall: string | undefined;
}

/**
 * Path of memcage-exec, which is built and packed beside the addon. Throws ERR_MEMCAGE_UNSUPPORTED if it can't be run:
 * from the kernel's ENOENT nobody could tell which program is missing.
 */
export function launcherPath(): string {
  const found = findExecutable();
  if (typeof found === 'string') return found;
  const { detail, cure, ...known } = found;
  throw new MemcageError(ErrorCode.UNSUPPORTED, words`${detail}${CURE}${cure}`, known);
}

/** The launcher's path, or why it can't be run. */
export function findExecutable(): string | ExecutableFailure {
  const path = join(dirname(addonPath()), 'memcage-exec');
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch (error) {
    const { code, errno, syscall } = error as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    const word = shellWord(path);
    return {
      ...{ path, errno, syscall },
      detail: `${path}, a program that memcage needs beside its addon, ${isMissing ? 'is missing' : "can't be run"} (${code})`,
      cure: isMissing
        ? `install memcage anew, or build it here: ${buildCommand()}`
        : `chmod a+rx ${word}; if it has these rights, see whether findmnt -T ${word} says noexec`,
    };
  }
}
