import type { RootMount, TmpfsOptions } from '../../../types/native';

/** The option `root` after validation. */
export interface Root {
  /** Absolute. Undefined: the root of this process, or an empty one. */
  path: string | undefined;
  /** The tmpfs at `/`: the root is empty at first. */
  empty: TmpfsOptions | undefined;
  readOnly: boolean;
  /** In the order in which they are mounted. */
  mounts: readonly RootEntry[];
  hide: readonly HiddenPath[];
}

/** A mount, and the option that asks for it, as the caller writes it: `root.binds[1]`. */
export interface RootEntry {
  option: string;
  mount: RootMount;
}

/** The same for a path inside that is to be hidden. */
export interface HiddenPath {
  option: string;
  path: string;
}

/** Whether it shows nothing of this process's root: it needs a `/dev` and a `/proc`. */
export function isApart({ path, empty }: Pick<Root, 'path' | 'empty'>): boolean {
  return path !== undefined || empty !== undefined;
}
