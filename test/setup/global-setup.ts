import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeWhenInterrupted } from './interrupted';
import { markDescendants, takeInventory } from './leak-check';
import { recordSurroundings } from './surroundings';

declare global {
  /** Passed from Jest's global setup to its global teardown. */
  var memcageInventory: Set<string> | undefined;
  var memcageNotes: string | undefined;
}

export default function globalSetup({ outputFile }: { outputFile?: string }): void {
  globalThis.memcageInventory = takeInventory();
  markDescendants();
  removeWhenInterrupted();
  recordSurroundings(outputFile);
  keepNotesOfTests();
  keepBashFromItsProfile();
}

/** Root's guardians write notes to /run/memcage, which is not for what tests do. A user's runtime directory has his bus too. */
function keepNotesOfTests(): void {
  if (process.getuid?.() !== 0) return;
  globalThis.memcageNotes = mkdtempSync(join(tmpdir(), 'memcage-test-notes-'));
  process.env['XDG_RUNTIME_DIR'] = globalThis.memcageNotes;
}

/**
 * A bash that no other shell has started reads ~/.bashrc if its stdin is a socket, as Node's pipes are. That file may
 * take long, and may leave a lock behind when a test kills the shell.
 */
function keepBashFromItsProfile(): void {
  process.env['SHLVL'] = String(Math.max(2, Number(process.env['SHLVL'] ?? 0)));
}
