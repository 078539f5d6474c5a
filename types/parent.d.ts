/** How memcage found a parent for cages. */
export type ParentSource =
  /** The option `parent`. */
  | 'option'
  /** The environment variable MEMCAGE_PARENT. */
  | 'environment'
  /** The cgroup that this process was in. */
  | 'own'
  /** An ancestor of that cgroup. */
  | 'ancestor'
  /** A transient scope that systemd made for this process. */
  | 'systemd';

/** A possible parent that memcage considered. */
export interface ParentCandidate {
  /** How memcage found it. */
  source: ParentSource;
  /** Absolute path of the cgroup's directory, or for systemd the address of the bus; null if there is none. */
  path: string | null;
  /** Why it can't be used, in one sentence; null if it can. */
  refusal: string | null;
  /** How to make it usable; null if it is, or nothing can be done. */
  cure: string | null;
}

/** A cgroup in which cages are made. */
export interface Parent {
  /** How memcage found it. */
  source: ParentSource;
  /** Absolute path of its directory. */
  path: string;
}
