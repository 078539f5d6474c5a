import { GROWTH_AFTER_KILL } from './lesson';
import { type LimitBounds, within } from './limit-rule';

/**
 * The limit for the attempt after one that was killed: half as much again for the second, the ceiling for the third. Undefined after
 * that, and after a kill at the ceiling.
 *
 * @param attempt the one that was killed, from 1
 */
export function limitAfterKill(limitBytes: number, attempt: number, bounds: LimitBounds): number | undefined {
  const { ceilingBytes } = bounds;
  if (limitBytes >= ceilingBytes || attempt >= 3) return undefined;
  return attempt === 1 ? within(limitBytes * GROWTH_AFTER_KILL, bounds) : ceilingBytes;
}
