import { constants } from 'node:fs';
import { type FileHandle, open, stat, unlink } from 'node:fs/promises';
import { loadNative } from '../../../common/addon/load-native';
import { ErrorCode, MemcageError } from '../../../common/errors/errors';
import { waitMs } from '../../../common/event-loop/timers';
import { printable } from '../../../common/text/names';

/** The file is not opened through a link, which someone else may have put there. */
export const OPEN_FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
const RETRY_MS = 10;
const PATIENCE_MS = 10_000;

/**
 * Opens the file that is to replace another one, with its lock (flock(2)): who has it may write that file and rename it. There is
 * one name for all processes. What a process leaves that was killed is unlocked, and the next one writes over it.
 *
 * @throws ERR_MEMCAGE_BUSY if another process has it for ten seconds
 */
export async function openLocked(path: string): Promise<FileHandle> {
  const untilMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const handle = await open(path, OPEN_FLAGS, 0o666);
    try {
      if (loadNative().tryLock({ fd: handle.fd }) && (await isAt(path, handle))) return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
    if (performance.now() > untilMs) {
      throw new MemcageError(
        ErrorCode.BUSY,
        `Another process has had ${printable(path)} locked for ${PATIENCE_MS / 1000} s`,
        { path },
      );
    }
    await waitMs(RETRY_MS);
  }
}

/** Whether the name still is that file's: the one before may have renamed it while we waited for its lock. */
async function isAt(path: string, handle: FileHandle): Promise<boolean> {
  try {
    const [named, opened] = await Promise.all([stat(path), handle.stat()]);
    return named.ino === opened.ino && named.dev === opened.dev;
  } catch (error) {
    if (isNotThere(error)) return false;
    throw error;
  }
}

/** Removes a file that was opened so and not renamed. */
export async function abandon(path: string, handle: FileHandle): Promise<void> {
  try {
    await unlink(path);
  } finally {
    await handle.close();
  }
}

export function isNotThere(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
