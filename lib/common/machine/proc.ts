import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';

/** The text of a file; undefined if it is not there, or can't be read for whatever reason. */
export function readIfAllowed(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Reads a file of a process in /proc, see proc(5). undefined if the process has ended, or if its user keeps us out.
 */
export function readProcFile(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    // ESRCH: it ended after the open. EINVAL: a zombie, which is no longer in a namespace. EACCES, EPERM: another
    // user's.
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ESRCH', 'EINVAL', 'EACCES', 'EPERM'].includes(code)) return undefined;
    throw error;
  }
}

/** The fields after the name in `/proc/<pid>/stat`: state, parent, process group ... See proc_pid_stat(5). */
export function readProcStat(pid: number | 'self'): string[] {
  // By Node's own reader of UTF-8: the others keep the fd where fstat(2) fails.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name may itself contain blanks and parentheses.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

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
