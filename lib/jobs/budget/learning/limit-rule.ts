import type { KeyHistory } from './key-history';
import { GROWTH_AFTER_KILL } from './lesson';

export interface LimitBounds {
  /** Counts for nothing above the ceiling. */
  floorBytes: number;
  ceilingBytes: number;
}

const SHARE = 0.95;
const MARGIN = 0.15;
/** What is added to the margin after the first job; after n jobs it is the n-th part. The p95 of few jobs is only the largest of them. */
const CAUTION = 0.3;
const PAGE_BYTES = 4096;

/** The limit for the next job. */
export function limitForNext(known: KeyHistory, nowMs: number, bounds: LimitBounds): number {
  const margin = 1 + MARGIN + CAUTION / Math.max(1, known.jobsAt(nowMs));
  return within(known.needs.percentile(SHARE) * margin, bounds);
}

/**
 * The limit for the attempt after one that was killed: half as much again after the first kill, the ceiling after the second. Undefined
 * after that, and after a kill at the ceiling.
 *
 * @param kills how many there were, 1 or more
 */
export function limitAfterKill(limitBytes: number, kills: number, bounds: LimitBounds): number | undefined {
  const { ceilingBytes } = bounds;
  if (limitBytes >= ceilingBytes || kills >= 3) return undefined;
  return kills === 1 ? within(limitBytes * GROWTH_AFTER_KILL, bounds) : ceilingBytes;
}

/** In whole pages, as the kernel takes it. */
export function within(bytes: number, { floorBytes, ceilingBytes }: LimitBounds): number {
  const pages = Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
  return Math.min(ceilingBytes, Math.max(floorBytes, pages));
}
