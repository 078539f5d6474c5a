import { GROWTH_AFTER_KILL } from './lesson';
import { type LimitBounds, within } from './limit-rule';

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
