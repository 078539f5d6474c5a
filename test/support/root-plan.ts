import { existsSync } from 'node:fs';
import { type CloneOptions, native, type RootMount, type RootPlan, type TmpfsOptions } from 'memcage/native';

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
