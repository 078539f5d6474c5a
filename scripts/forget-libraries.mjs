import { readFileSync, writeFileSync } from 'node:fs';

// https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html and ch5.dynamic.html, for 64 bits, little-endian.
const ELF = Buffer.from('\x7fELF\x02\x01', 'latin1');
const PROGRAM_HEADERS = 32;
const PROGRAM_HEADER_COUNT = 56;
const PROGRAM_HEADER_SIZE = 56;
const PT_DYNAMIC = 2;
const DYNAMIC_SIZE = 16;
const DT_NULL = 0n;
const DT_NEEDED = 1n;
/** Loaders pass over it in a library. */
const DT_DEBUG = 21n;

/**
 * Takes the names of the libraries that it needs (DT_NEEDED) out of an addon. Every runtime has loaded the C library by
 * the time it loads an addon, whatever the library's name. With the name, Bun on musl refuses an addon that needs
 * glibc's `libc.so.6`, though all its symbols are in musl. The versions that glibc's loader checks stay.
 */
export function forgetLibraries(path) {
  const file = readFileSync(path);
  if (!file.subarray(0, 6).equals(ELF)) throw new Error(`${path} is no ELF file of 64 bits, little-endian`);
  let forgotten = 0;
  const start = Number(file.readBigUInt64LE(PROGRAM_HEADERS));
  for (let i = 0; i < file.readUInt16LE(PROGRAM_HEADER_COUNT); i += 1) {
    const header = start + i * PROGRAM_HEADER_SIZE;
    if (file.readUInt32LE(header) !== PT_DYNAMIC) continue;
    let entry = Number(file.readBigUInt64LE(header + 8));
    for (; file.readBigUInt64LE(entry) !== DT_NULL; entry += DYNAMIC_SIZE) {
      if (file.readBigUInt64LE(entry) !== DT_NEEDED) continue;
      file.writeBigUInt64LE(DT_DEBUG, entry);
      forgotten += 1;
    }
  }
  if (forgotten === 0) throw new Error(`${path} names no library`);
  writeFileSync(path, file);
}
