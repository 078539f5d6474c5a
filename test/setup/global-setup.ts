import { markDescendants, takeInventory } from './leak-check';

declare global {
  /** Handed from Jest's global set-up to its global teardown. */
  var memcageInventory: Set<string> | undefined;
}

export default function globalSetup(): void {
  globalThis.memcageInventory = takeInventory();
  markDescendants();
}
