import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cgroupOf, read, removeTree } from './cgroup-tree';

/**
 * The cgroup v2 in which tests make theirs: this process's own if it enables memory for its children, else its
 * parent.
 */
export function home(): string {
  const own = cgroupOf('self', 'unified');
  const enables = (path: string): boolean => read(path, 'cgroup.subtree_control').split(' ').includes('memory');
  return enables(own) ? own : dirname(own);
}

/** See makeCgroup(). */
const scope = randomBytes(3).toString('hex');
let made = 0;

/** A name for a cgroup that a test lets memcage make. */
export function uniqueName(what: string): string {
  made += 1;
  return `memcage-test-${process.pid}-${what}-${scope}-${made}`;
}

/** A cgroup that memcage knows nothing of. */
export function makeInHome(): { path: string; remove(): void } {
  const path = join(home(), uniqueName('v2'));
  mkdirSync(path);
  return { path, remove: () => removeTree(path) };
}
