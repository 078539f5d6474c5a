import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from './programs';

const FILE_MIB = 64;

/** A program that gets nowhere in a cage with {@link LIVELOCK_LIMIT}. */
export interface Livelock {
  /** Its arguments, with the program first, for so many processes. */
  command(processes?: number): [string, ...string[]];
  remove(): void;
}

export const LIVELOCK_LIMIT = 24 * 1024 * 1024;

export function makeLivelock(): Livelock {
  const program = compile(join(__dirname, '../../fixtures/stall/livelock.c'));
  // Not in the directory for temporary files: of a file in memory, as there, no page can be read again.
  const directory = mkdtempSync(join(__dirname, '../../../build/livelock-'));
  const file = join(directory, 'file');
  const fd = openSync(file, 'wx');
  // Of holes alone, so it needs no disk.
  ftruncateSync(fd, FILE_MIB * 1024 * 1024);
  closeSync(fd);
  return {
    command: (processes = 1) => [program.path, file, `${FILE_MIB}`, '4', `${processes}`],
    remove() {
      program.remove();
      rmSync(directory, { recursive: true });
    },
  };
}
