import { closeSync, openSync, readSync } from 'node:fs';

const CHUNK_BYTES = 64 * 1024;

/** Up to so many bytes of a file, in pieces; undefined if it can't be opened or read, as of a process that has ended. */
export function readChunks(
  path: string,
  mostBytes: number,
  take: (chunk: Buffer) => boolean,
): 'all' | 'part' | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, mostBytes));
    for (let total = 0; total < mostBytes; ) {
      const got = readSync(fd, buffer, 0, buffer.length, null);
      if (got === 0) return 'all';
      total += got;
      if (!take(buffer.subarray(0, got))) return 'part';
    }
    return 'part';
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}

/** The beginning of a file; undefined if it can't be read. */
export function readStart(path: string, mostBytes: number): string | undefined {
  const chunks: Buffer[] = [];
  const isRead = readChunks(path, mostBytes, (chunk) => {
    chunks.push(Buffer.from(chunk));
    return true;
  });
  return isRead && Buffer.concat(chunks).toString('utf8', 0, mostBytes);
}
