import { timeStart } from './interleave';
import { cgroupCount, fdCount, heapBytes, threadCount } from './own';
import { caged } from './starts';

export const AT_A_TIME = 50;

/** What remains of each child where libuv does not free a handle (lib/process/swap-handle.ts), and a little for caches. */
export function heapBytesAllowed(starts: number): number {
  return 2 * 1024 * 1024 + starts * 128;
}

/** What a Node process holds. */
export interface Holdings {
  fds: number;
  threads: number;
  cgroups: number;
  heapBytes: number;
  residentBytes: number;
}

/** What this process holds before and after that many caged children. */
export async function holdingsAround(starts: number): Promise<{ before: Holdings; after: Holdings }> {
  // Let code, caches and pools reach their size.
  await storm(2000);
  const before = await holdings();
  await storm(starts);
  return { before, after: await holdings() };
}

async function storm(starts: number): Promise<void> {
  let left = starts;
  const line = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await timeStart(caged);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, line));
}

async function holdings(): Promise<Holdings> {
  // Wait for what is closed, or made ahead, in the next turns of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 500));
  return {
    fds: fdCount(),
    threads: threadCount(),
    cgroups: cgroupCount(),
    heapBytes: heapBytes(),
    residentBytes: process.memoryUsage.rss(),
  };
}
