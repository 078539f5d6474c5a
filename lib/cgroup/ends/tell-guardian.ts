import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import type { NativeBinding } from '../../../types/native';
import { encodeNote, noteOf } from './note';
import { openNotesDirectory } from './notes-directory';

/** Gives a new guardian the directory for notes. Without one it ends the cages all the same, so nothing is thrown. */
export function keepNotes(native: NativeBinding): void {
  let fd: number | undefined;
  try {
    fd = openNotesDirectory();
    if (fd !== undefined) native.keepNotes({ fd });
  } catch {
    // No fd is free, for example.
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Has a new guardian note that the one before was killed. Whether that was for memory, only the kernel's log tells. */
export function noteGuardian(native: NativeBinding, pid: number, startedUs: number): void {
  const known = { pid, startedUs, owner: process.pid, name: 'memcage-guard', signal: constants.signals.SIGKILL };
  native.noteEnd({ note: encodeNote(noteOf('guardian', known)) });
}
