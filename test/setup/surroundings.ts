import { writeFileSync } from 'node:fs';

const { surroundings } = require('../support/surroundings.cjs') as {
  surroundings(of: { machine: string; node: string }): Record<string, string>;
};

/** Writes the machine's properties beside Jest's results. `npm run test:matrix` makes test/matrix/tested.md from them. */
export function recordSurroundings(resultsFile: string | undefined): void {
  if (resultsFile === undefined) return;
  const machine = process.env['MEMCAGE_TEST_GUEST'] ?? 'host';
  const seen = surroundings({ machine, node: process.versions.node });
  writeFileSync(`${resultsFile}.surroundings`, JSON.stringify(seen));
}
