import type { SharedPolledCage } from '../cage/polled/shared-polled-cage';
import { SharedCage } from '../cage/shared-cage';
import type { HeldChild } from './held-child';
import { LeafChild } from './leaf-child';
import { PolledChild } from './polled-child';

/** A cage of createCage(), whatever holds its limits. */
export type AnySharedCage = SharedCage | SharedPolledCage;

/** Makes the home of a child in a shared cage. */
export function makeMember(cage: AnySharedCage, { memoryDetails }: { memoryDetails: boolean }): HeldChild {
  if (!(cage instanceof SharedCage)) return PolledChild.within(cage, { memoryDetails });
  const child = new LeafChild(cage);
  if (memoryDetails) child.home.reportDetails();
  return child;
}
