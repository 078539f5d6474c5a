import { isDeepStrictEqual } from 'node:util';
import { files, limitOf, members, oomKills, readKey, readNumber, readPeak, version } from './cgroup-tree';

const LINES =
  version === 1
    ? {
        anon: 'total_rss',
        file: 'total_cache',
        inactive: 'total_inactive_file',
        faults: 'total_pgfault',
        majorFaults: 'total_pgmajfault',
      }
    : { anon: 'anon', file: 'file', inactive: 'inactive_file', faults: 'pgfault', majorFaults: 'pgmajfault' };

/** What the kernel's files say about a cgroup. Without any of memcage's code. */
export function kernelFigures(path: string) {
  const line = (name: string) => readKey(path, 'memory.stat', name);
  const usageBytes = readNumber(path, files.usage);
  const limitBytes = limitOf(path);
  const workingSetBytes = usageBytes - line(LINES.inactive);
  return {
    usageBytes,
    limitBytes,
    workingSetBytes,
    availableBytes: limitBytes - workingSetBytes,
    anonBytes: line(LINES.anon),
    fileBytes: line(LINES.file),
    pageFaults: line(LINES.faults),
    majorFaults: line(LINES.majorFaults),
    peakBytes: readPeak(path),
    processes: members(path).length,
    oomKills: oomKills(path),
    limitHits:
      version === 1
        ? readNumber(path, 'memory.failcnt') + readNumber(path, 'memory.memsw.failcnt')
        : readKey(path, 'memory.events', 'max'),
  };
}

/**
 * The result of `take`, once the kernel's figures are the same before and after it. Memory of an ended process, and
 * each processor's stock of pages, are given back only a moment later.
 */
export async function whileSteady<T>(path: string, take: () => Promise<T>) {
  for (;;) {
    const kernel = kernelFigures(path);
    const taken = await take();
    if (isDeepStrictEqual(kernel, kernelFigures(path))) return { kernel, taken };
  }
}

/** The process that the OOM killer kills first. */
export const VICTIM = ['sh', ['-c', 'echo 1000 > /proc/self/oom_score_adj; exec tail /dev/zero']] as const;
