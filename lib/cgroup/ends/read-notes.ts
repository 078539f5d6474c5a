import { closeSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { decodeNote, type Here, NOTE_BYTES, type Note } from './note';
import { NOTE_FILES, notesDirectories, openOwn } from './notes-directory';

/** The notes of this user since the machine has started, newest first. */
export function readNotes(directories = notesDirectories()): Note[] {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const here = { boot, pids: statSync('/proc/self/ns/pid').ino };
  const files = [...directories].flatMap((directory) => NOTE_FILES.map((file) => join(directory, file)));
  return files.flatMap((path) => notesIn(path, here)).sort((a, b) => b.endedUs - a.endedUs);
}

function notesIn(path: string, here: Here): Note[] {
  const fd = openOwn(path);
  if (fd === undefined) return [];
  try {
    const bytes = readFileSync(fd);
    const count = Math.floor(bytes.length / NOTE_BYTES);
    return Array.from({ length: count }, (_, index) =>
      decodeNote(bytes.subarray(index * NOTE_BYTES, (index + 1) * NOTE_BYTES), here),
    ).filter((note) => note !== undefined);
  } finally {
    closeSync(fd);
  }
}
