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
  keepBashFromItsProfile();
}

/**
 * A bash that no other shell has started reads ~/.bashrc when its stdin is a socket, as Node's pipes are. What is in that may
 * take long, and may leave a lock behind when a test kills it.
 */
function keepBashFromItsProfile(): void {
  process.env['SHLVL'] = String(Math.max(2, Number(process.env['SHLVL'] ?? 0)));
}
