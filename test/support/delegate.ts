import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { version } from './cgroup-tree';

/** What a v2 user needs besides the directory; see "Delegation" in the kernel's cgroup-v2 document. */
const DELEGATED = ['cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads'];

/**
 * Gives a cgroup to a user.
 *
 * @returns the start of a command line that runs a command as that user. On v2 it runs in a new cgroup below: a user
 * can move a process only with write access to the `cgroup.procs` of all cgroups from the old to the new one,
 * including the common ancestor.
 */
export function delegate(path: string, { uid, gid }: { uid: number; gid: number }): [string, ...string[]] {
  chownSync(path, uid, gid);
  const asUser = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'] as [string, ...string[]];
  if (version === 1) return asUser;
  for (const file of DELEGATED) chownSync(join(path, file), uid, gid);
  const place = join(path, 'user');
  mkdirSync(place);
  for (const file of ['', ...DELEGATED]) chownSync(join(place, file), uid, gid);
  return ['sh', '-c', 'echo 0 >"$0/cgroup.procs"; exec "$@"', place, ...asUser];
}
