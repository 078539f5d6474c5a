import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';

/** AT_PAGESZ of getauxval(3). */
const PAGE_SIZE = 6n;

const ARCHITECTURES_OF_32_BITS = ['arm', 'ia32', 'mips', 'mipsel'];

/** Bytes of a page of memory, as the kernel has told this process at its start. For where there is no addon to ask. */
export function readPageSize(): number {
  const auxv = readFileSync('/proc/self/auxv');
  const size = ARCHITECTURES_OF_32_BITS.includes(process.arch) ? 4 : 8;
  const words = Array.from({ length: auxv.length / size }, (_, index) => wordAt(auxv, index * size, size));
  const index = words.findIndex((word, at) => at % 2 === 0 && word === PAGE_SIZE);
  const found = words[index + 1];
  if (index === -1 || found === undefined) throw new Error('/proc/self/auxv has no page size');
  return Number(found);
}

function wordAt(bytes: Buffer, offset: number, size: number): bigint {
  const isLittle = endianness() === 'LE';
  if (size === 4) return BigInt(isLittle ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset));
  return isLittle ? bytes.readBigUInt64LE(offset) : bytes.readBigUInt64BE(offset);
}
