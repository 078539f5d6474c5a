/** Where a parent for cages comes from. */
export type ParentSource =
  /** The option `parent`. */
  | 'option'
  /** The environment variable MEMCAGE_PARENT. */
  | 'environment'
  /** The cgroup that this process was in. */
  | 'own'
  /** A cgroup above that. */
  | 'ancestor'
  /** A transient scope that systemd made for this process. */
  | 'systemd';

/** A place for cages that was considered. */
export interface ParentCandidate {
  /** Where it comes from. */
  source: ParentSource;
  /** Absolute path of the cgroup's directory; for systemd the address of the bus; null where there is none. */
  path: string | null;
  /** Why it can't be used, in one sentence; null when it can. */
  refusal: string | null;
  /** What would make it usable. */
  cure?: string;
}

/** A cgroup that cages are made in. */
export interface Parent {
  /** Where it comes from. */
  source: ParentSource;
  /** Absolute path of its directory. */
  path: string;
}
