import { accessSync, constants } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildCommand } from '../addon/build-command';
import { addonPath } from '../addon/load-native';
import { ErrorCode, MemcageError } from '../errors/errors';

/** Why memcage-exec can't be run. */
export interface ExecutableFailure {
  path: string;
  detail: string;
  cure: string;
}

/**
 * Path of memcage-exec, which is built and packed beside the addon. Throws ERR_MEMCAGE_UNSUPPORTED if it can't be run:
 * from the kernel's ENOENT nobody could tell which program is missing.
 */
export function launcherPath(): string {
  const failure = whyNotExecutable();
  if (failure === undefined) return executablePath();
  const { path, detail, cure } = failure;
  throw new MemcageError(ErrorCode.UNSUPPORTED, `${detail}. Cure: ${cure}`, { path });
}

export function whyNotExecutable(): ExecutableFailure | undefined {
  const path = executablePath();
  try {
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    return {
      path,
      detail: `${path}, a program that memcage needs beside its addon, ${isMissing ? 'is missing' : "can't be run"} (${code})`,
      cure: isMissing
        ? `install memcage anew, or build it here: ${buildCommand()}`
        : `chmod a+rx ${path}; if it has these rights, see whether findmnt -T ${path} says noexec`,
    };
  }
}

function executablePath(): string {
  return join(dirname(addonPath()), 'memcage-exec');
}
