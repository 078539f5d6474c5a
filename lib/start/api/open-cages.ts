import type { AnyCage } from '../../cage/contract/cage';
import { cages } from '../../cage/open-cages';

/** The cages of this thread that are not closed yet, those within others too, in the order in which they were made. */
export function openCages(): AnyCage[] {
  return cages.list();
}
