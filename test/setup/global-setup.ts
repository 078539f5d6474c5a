import { markDescendants, takeInventory } from './leak-check';
import { recordSurroundings } from './surroundings';

declare global {
  /** Handed from Jest's global set-up to its global teardown. */
  var memcageInventory: Set<string> | undefined;
}

export default function globalSetup({ outputFile }: { outputFile?: string }): void {
  globalThis.memcageInventory = takeInventory();
  markDescendants();
  recordSurroundings(outputFile);
}
