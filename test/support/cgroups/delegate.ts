import { chownSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { version } from './cgroup-tree';

export interface User {
  uid: number;
  gid: number;
}

/** What a v2 user needs besides the directory; see "Delegation" in the kernel's cgroup-v2 document. */
const DELEGATED = ['cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads'];

/**
 * Gives a cgroup to a user.
 *
 * @returns the start of a command line that runs a command as that user. On v2 it runs in a new cgroup below: a user
 * can move a process only with write access to the `cgroup.procs` of all cgroups from the old to the new one,
 * including the common ancestor.
 */
export function delegate(path: string, user: User): [string, ...string[]] {
  if (version === 1) {
    chownSync(path, user.uid, user.gid);
    return asUser(user);
  }
  const place = join(path, 'user');
  mkdirSync(place);
  for (const each of [path, place]) giveTo(each, user);
  return ['sh', '-c', 'echo 0 >"$0/cgroup.procs"; exec "$@"', place, ...asUser(user)];
}

/** Gives a user a cgroup of either version, in which the user's processes are already. */
export function giveTo(path: string, { uid, gid }: User): void {
  for (const file of ['', ...DELEGATED]) {
    const each = join(path, file);
    // v1 lacks some of them.
    if (existsSync(each)) chownSync(each, uid, gid);
  }
}

/** The start of a command line that runs a command as that user. */
export function asUser({ uid, gid }: User): [string, ...string[]] {
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
}
