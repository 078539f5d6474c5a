import type { Cage } from '../cage/cage';
import { cages } from '../cage/open-cages';

/** The cages of this thread that are not closed yet, those within others too, in the order in which they were made. */
export function openCages(): Cage[] {
  // None but a Cage adds itself.
  return cages.list() as Cage[];
}
