import { formatSize } from './size';

/** What the memory of a cgroup is of, in bytes. */
export interface MemoryKinds {
  /** Heaps, buffers, stacks. */
  programs: number;
  /** Pages of files, which the kernel drops before it kills. */
  pageCache: number;
  /** tmpfs (`/dev/shm`) and shared memory. */
  shared: number;
  /** What the kernel keeps for it: page tables, sockets, names of files. */
  kernel: number;
}

const WORDS: Readonly<Record<keyof MemoryKinds, string>> = {
  programs: 'of programs (heaps, buffers, stacks)',
  pageCache: 'of page cache',
  shared: 'of tmpfs and shared memory',
  kernel: 'of the kernel',
};
const MOST_NAMED = 3;
const LEAST_BYTES = 1024 ** 2;

/**
 * @param stat lines of `memory.stat`
 * @param usageBytes all that is charged
 */
export function kindsOf(stat: Readonly<Record<string, number>>, usageBytes: number, version: 1 | 2): MemoryKinds {
  const line = (name: string): number => stat[version === 1 ? `total_${name}` : name] ?? 0;
  const programs = version === 1 ? line('rss') : line('anon');
  const shared = line('shmem');
  // Both versions count shared memory among the files.
  const pageCache = Math.max(0, line(version === 1 ? 'cache' : 'file') - shared);
  return withKernel({ programs, pageCache, shared }, usageBytes);
}

/** What is of none of the other kinds is the kernel's. */
export function withKernel(known: Omit<MemoryKinds, 'kernel'>, usageBytes: number): MemoryKinds {
  return { ...known, kernel: Math.max(0, usageBytes - known.programs - known.pageCache - known.shared) };
}

/** What can't be dropped, in bytes. */
export function usedBytesOf({ programs, shared, kernel }: MemoryKinds): number {
  return programs + shared + kernel;
}

/** The largest kinds, the largest first. */
export function kindsInWords(kinds: MemoryKinds): string {
  const sorted = (Object.keys(WORDS) as (keyof MemoryKinds)[])
    .map((kind) => ({ bytes: kinds[kind], words: WORDS[kind] }))
    .filter(({ bytes }) => bytes >= LEAST_BYTES)
    .sort((one, other) => other.bytes - one.bytes);
  return sorted
    .slice(0, MOST_NAMED)
    .map(({ bytes, words }) => `${formatSize(bytes)} ${words}`)
    .join(', ');
}
