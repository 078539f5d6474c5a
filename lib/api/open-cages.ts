import type { Cage } from '../cage/cage';
import { cages } from '../cage/open-cages';

/** The open cages of this thread, including those within others, in the order in which they were made. */
export function openCages(): Cage[] {
  // Only a Cage adds itself.
  return cages.list() as Cage[];
}
