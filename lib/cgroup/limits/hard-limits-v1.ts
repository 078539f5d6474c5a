import { invalidArgument } from '../../common/errors/errors';
import { sizeText } from '../files/controller';
import { type HardLimitsPlan, type LimitWrite, limitWrite } from './limit-write';

/**
 * v1 limits the sum of memory and swap. The kernel never lets that sum fall below the limit of memory (EINVAL), so a
 * sum that grows is written before the limit, and one that shrinks after it.
 */
export const planHardLimitsV1: HardLimitsPlan = (limits, swap, current) => {
  const max = limits.max ?? current.max;
  if (max === Number.POSITIVE_INFINITY && swap !== undefined && swap !== Number.POSITIVE_INFINITY) {
    throw invalidArgument(
      'memory.max',
      'a limit together with memory.swap (cgroup v1 limits the sum of both)',
      limits.max,
    );
  }
  const writes = limits.max === undefined ? [] : [limitWrite('max', 1, sizeText(limits.max, 1))];
  const before = current.max + current.swap;
  const after = max + (swap ?? current.swap);
  if (after === before) return writes;
  const memsw: LimitWrite = { ...limitWrite('memsw', 1, sizeText(after, 1)), option: 'memory.swap' };
  return after > before ? [memsw, ...writes] : [...writes, memsw];
};
