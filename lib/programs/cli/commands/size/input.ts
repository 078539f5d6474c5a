import { createWriteStream, fstatSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UsageError } from '../../usage';

/** Opens the stdin of the next run, from its beginning; undefined for an empty one. */
export type OpenInput = () => number | undefined;

/** @param input a file, or '-' for the stdin of memcage, which is read to its end now */
export async function inputOf(input: string | undefined): Promise<OpenInput> {
  if (input === undefined) return () => undefined;
  const path = input === '-' ? await keepStdin() : input;
  if (!isFile(path)) throw new UsageError(`--input needs a file, which each run can read, not '${input}'`);
  return () => openSync(path, 'r');
}

/** The name of a copy that no directory has any more, so that nothing is left of it, however memcage ends. */
async function keepStdin(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'memcage-size-'));
  let fd: number;
  try {
    fd = openSync(join(directory, 'stdin'), 'wx+', 0o600);
  } finally {
    rmSync(directory, { recursive: true });
  }
  await pipeline(process.stdin, createWriteStream('', { fd, autoClose: false }));
  return `/proc/self/fd/${fd}`;
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch (error) {
    throw new UsageError(`--input ${path}: ${(error as Error).message}`);
  }
}

/** Whether someone may believe that each run reads the stdin of memcage. */
export function isStdinGiven(): boolean {
  try {
    const stat = fstatSync(0);
    return stat.isFIFO() || stat.isSocket() || stat.isFile();
  } catch {
    // stdin is closed.
    return false;
  }
}
