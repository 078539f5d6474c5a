import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Number of fds of this process. */
export function fdCount(): number {
  // One is that of the directory being read.
  return readdirSync('/proc/self/fd').length - 1;
}

/** Number of threads of this process. */
export function threadCount(): number {
  return readdirSync('/proc/self/task').length;
}

/** Number of cgroups that this process has made, in all hierarchies. */
export function cgroupCount(): number {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(' ')[4] ?? '');
  return mounts.map((mount) => count(mount, false)).reduce((sum, one) => sum + one, 0);
}

function count(directory: string, ours: boolean): number {
  if (!existsSync(directory)) return 0;
  let sum = ours ? 1 : 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    sum += count(join(directory, entry.name), ours || entry.name.startsWith(`memcage-${process.pid}-`));
  }
  return sum;
}

/** Bytes of the JavaScript heap in use after a collection. Needs --expose-gc. */
export function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
