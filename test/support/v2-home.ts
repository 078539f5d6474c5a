import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cgroupOf, read, removeTree } from './cgroup-tree';

/** The cgroup v2 that tests make theirs in: this process's own, or, when it is in a leaf, the one above. */
export function home(): string {
  const own = cgroupOf('self', 'unified');
  const enables = (path: string): boolean => read(path, 'cgroup.subtree_control').split(' ').includes('memory');
  return enables(own) ? own : dirname(own);
}

let made = 0;

/** A cgroup that memcage knows nothing of. */
export function makeInHome(): { path: string; remove(): void } {
  made += 1;
  const path = join(home(), `memcage-test-${process.pid}-v2-${made}`);
  mkdirSync(path);
  return { path, remove: () => removeTree(path) };
}
