import { cgroupOf, makeBelow, read, removeTree, write } from './cgroup-tree';

/** Whether v1's soft limit has an effect: newer kernels accept and ignore it. */
export function keepsSoftLimit(): boolean {
  const path = makeBelow(cgroupOf('self'), `memcage-test-${process.pid}-soft-limit`);
  try {
    write(path, 'memory.soft_limit_in_bytes', '1M');
    return read(path, 'memory.soft_limit_in_bytes') === String(1 << 20);
  } finally {
    removeTree(path);
  }
}
