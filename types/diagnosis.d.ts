import type { ParentCandidate } from './parent';

/** `limited`: cages work, but something is missing, which `detail` names. `missing`: it is not there. */
export type FindingState = 'ok' | 'limited' | 'missing';

/** One thing that cages depend on. */
export interface Finding {
  /** A stable name, for example `kernel` or `namespace.pid`. */
  name: string;
  /** Whether it is there. */
  state: FindingState;
  /** What was found, in one sentence. */
  detail: string;
  /** How to fix or improve it; null if there is nothing to do, or nothing can be done. */
  cure: string | null;
}

/** What `diagnose()` returns and `memcage doctor --json` prints. */
export interface Diagnosis {
  /** Whether this machine can run the main job: a child in its own namespaces under a memory limit. */
  works: boolean;
  /** What was found, in the order of the checks. */
  findings: Finding[];
  /** The parents that memcage considered, in order, up to the first that it can use. */
  parents: ParentCandidate[];
}
