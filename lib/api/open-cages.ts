import { cages } from '../cage/open-cages';
import type { Cage } from '../contract/cage';

/** The cages of this thread that are not closed yet, those within others too, in the order in which they were made. */
export function openCages(): Cage[] {
  return cages.list();
}
