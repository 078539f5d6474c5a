import type { Cage } from '../../cage/contract/cage';
import type { Supply } from './admission/limits-admission';
import type { FollowedJobs } from './followed-jobs';
import type { GatePlaces } from './gate-places';
import type { Headroom } from './headroom';
import type { Jobs } from './jobs';
import type { Learner } from './learning/learner';

/** What the functions of a budget work on. */
export interface BudgetParts {
  readonly cage: Cage;
  readonly jobs: Jobs;
  readonly followed: FollowedJobs;
  readonly headroom: Headroom;
  readonly gates: GatePlaces;
  readonly supply: Supply;
  /** See {@link Rules}. */
  readonly mayBeginTwice: boolean;
  /** Undefined without `learn`. */
  readonly learner: Learner | undefined;
  /** ERR_MEMCAGE_CLOSED once nothing can be started any more. */
  readonly whyClosed: () => Error | undefined;
}
