import { findLeaks } from './leak-check';

export default async function globalTeardown(): Promise<void> {
  const leaks = await findLeaks(globalThis.memcageInventory ?? new Set());
  if (leaks.length === 0) return;
  console.error(['', 'The test run left behind:', ...leaks.map((leak) => `  ${leak}`)].join('\n'));
  // Not thrown, because Jest would then lose the results of the tests.
  process.exitCode = 1;
}
