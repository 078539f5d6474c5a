import type { ParentCandidate } from './parent';

/** `limited`: cages work, with something missing that the text names. `missing`: it is not there. */
export type FindingState = 'ok' | 'limited' | 'missing';

/** One thing that cages rest on. */
export interface Finding {
  /** A stable name, for example `kernel` or `namespace.pid`. */
  name: string;
  /** Whether it is there. */
  state: FindingState;
  /** What was found, in one sentence. */
  detail: string;
  /** What would make it better. */
  cure?: string;
}

/** What `diagnose()` returns and `memcage doctor --json` prints. */
export interface Diagnosis {
  /** Whether the main job, a child in namespaces of its own under a memory limit, can run here. */
  works: boolean;
  /** In the order in which they were looked for. */
  findings: Finding[];
  /** The places for cages, in the order in which they are considered, up to the first that can be used. */
  parents: ParentCandidate[];
}
