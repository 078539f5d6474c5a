import { sizeText } from '../files/controller';
import { type HardLimitsPlan, type LimitWrite, limitWrite } from './limit-write';

/** Swap first, so that a `max` below the use doesn't push into swap what was to stay out of it. */
export const planHardLimitsV2: HardLimitsPlan = ({ max }, swap) => {
  const writes: LimitWrite[] = [];
  if (swap !== undefined) writes.push(limitWrite('swap', 2, sizeText(swap, 2)));
  if (max !== undefined) writes.push(limitWrite('max', 2, sizeText(max, 2)));
  return writes;
};
