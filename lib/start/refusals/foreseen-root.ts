import { statSync } from 'node:fs';
import { constants, release } from 'node:os';
import type { CloneFailure } from '../../../types/native';
import type { MemcageError } from '../../common/errors/errors';
import { isOlderThan } from '../../common/machine/versions';
import { readNamespaceFacts } from '../../process/namespaces/namespace-facts';
import type { Root } from '../../process/root/root';
import type { RootStage } from './root-reasons';
import { failedRoot } from './root-refusal';

const { ENOENT, ENOSYS, ENOTDIR } = constants.errno;

/** Why a child can't have this root, as a start would throw it; null if nothing is known that forbids it. Makes nothing. */
export function whyNoRoot(root: Root | undefined, kernel = release()): MemcageError | null {
  if (root === undefined) return null;
  const failure = foresee(root, kernel);
  return failure === undefined ? null : failedRoot(failure, root, readNamespaceFacts());
}

function foresee(root: Root, kernel: string): (CloneFailure & { stage: RootStage }) | undefined {
  const { path, readOnly, mounts } = root;
  if (isOlderThan([5, 6], kernel)) return { stage: 'root-target', errno: -ENOSYS, path: '', syscall: 'openat2' };
  const hasReadOnly = readOnly || mounts.some(({ mount }) => mount.kind === 'bind' && mount.readOnly);
  if (hasReadOnly && isOlderThan([5, 12], kernel)) {
    return { stage: 'root-read-only', errno: -ENOSYS, path: '', syscall: 'mount_setattr' };
  }
  if (path !== undefined) {
    const found = look(path);
    if (found === undefined) return { stage: 'root', errno: -ENOENT, path, syscall: 'openat2' };
    if (!found.isDirectory()) return { stage: 'root', errno: -ENOTDIR, path, syscall: 'openat2' };
  }
  for (const { mount } of mounts) {
    if (mount.kind === 'bind' && look(mount.from) === undefined) {
      return { stage: 'root-source', errno: -ENOENT, path: mount.from, syscall: 'openat2' };
    }
  }
  return undefined;
}

/** What is at the path; undefined if nothing is. What this user can't look at, the child may still find: it has the rights of its namespace. */
function look(path: string): { isDirectory(): boolean } | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return { isDirectory: () => true };
  }
}
