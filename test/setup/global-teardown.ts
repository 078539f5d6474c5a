import { rmSync, writeFileSync } from 'node:fs';
import { findLeaks } from './leak-check';

/** Beside Jest's results is a list of the leaks, since no second try excuses these (scripts/jest-run.mjs). */
export default async function globalTeardown({ outputFile }: { outputFile?: string }): Promise<void> {
  if (globalThis.memcageNotes !== undefined) rmSync(globalThis.memcageNotes, { recursive: true });
  const leaks = await findLeaks(globalThis.memcageInventory ?? new Set());
  if (leaks.length === 0) return;
  if (outputFile !== undefined) writeFileSync(`${outputFile}.leaks`, leaks.map((leak) => `${leak}\n`).join(''));
  console.error(['', 'The test run left behind:', ...leaks.map((leak) => `  ${leak}`)].join('\n'));
  // Not thrown, because Jest would then lose the results of the tests.
  process.exitCode = 1;
}
