import { existsSync } from 'node:fs';
import { type CloneOptions, native, type RootMount, type RootPlan, type TmpfsOptions } from 'memcage/native';
import { cloneOptions, outputOf, shell } from '../native/native-child';

const { CLONE_NEWNS, CLONE_NEWPID } = native.constants;

/** Options of a clone into a root that is this process's own, unless `root` says otherwise. */
export function inRoot(root: Partial<RootPlan>): Partial<CloneOptions> & { root: RootPlan } {
  const plan: RootPlan = {
    path: null,
    empty: false,
    readOnly: false,
    mounts: [],
    hide: [],
    proc: 'keep',
    dev: false,
    cwd: '/',
    ...root,
  };
  return { namespaces: CLONE_NEWNS | CLONE_NEWPID, privateMounts: true, root: plan };
}

export function bind(from: string, to: string, more: { readOnly?: boolean; create?: boolean } = {}): RootMount {
  return { kind: 'bind', from, to, readOnly: false, create: false, ...more };
}

export function tmpfs(to: string, more: Partial<TmpfsOptions> & { create?: boolean } = {}): RootMount {
  return { kind: 'tmpfs', to, mode: '1777', create: false, ...more };
}

/** What a shell needs in an empty root, read-only. */
export const SYSTEM: readonly RootMount[] = ['/usr', '/bin', '/sbin', '/lib', '/lib64']
  .filter((path) => existsSync(path))
  .map((path) => bind(path, path, { readOnly: true, create: true }));

/** A root that has nothing else but a new /proc and a small /dev. */
export const EMPTY: Partial<RootPlan> = { empty: true, dev: true, proc: 'new', mounts: SYSTEM };

/** What a script prints in a root, errors included. */
export function printedIn(root: Partial<RootPlan>, script: string, more: Partial<CloneOptions> = {}): string[] {
  const [, ...lines] = outputOf({ ...inRoot(root), ...shell(`exec 2>&1; echo; ${script}`), ...more }).split('\n');
  return lines.slice(0, -1);
}

/** What clone() returns of a failure, or that there was none. */
export function failureIn(root: Partial<RootPlan>, more: Partial<CloneOptions> = {}): object {
  const result = native.clone(cloneOptions({ ...inRoot(root), ...more }));
  if ('stage' in result) return result;
  native.reap({ pidfd: result.pidfd });
  native.closeFd({ fd: result.pidfd });
  return { ran: true };
}
