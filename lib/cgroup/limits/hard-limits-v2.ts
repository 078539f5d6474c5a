import { sizeText } from '../files/controller';
import { type HardLimitsPlan, type LimitWrite, limitWrite } from './limit-write';

/** Writes the limit of swap first: else a `max` below the usage would swap out what must not be swapped. */
export const planHardLimitsV2: HardLimitsPlan = ({ max }, swap) => {
  const writes: LimitWrite[] = [];
  if (swap !== undefined) writes.push(limitWrite('swap', 2, sizeText(swap, 2)));
  if (max !== undefined) writes.push(limitWrite('max', 2, sizeText(max, 2)));
  return writes;
};
