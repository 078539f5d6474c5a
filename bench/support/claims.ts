import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from './case';

/** Others use the machine, too. */
const TOLERANCE = 1.15;

const SPEED = join(__dirname, '../../../docs/reference/speed.md');

/** What docs/reference/speed.md says of this figure on this Node, if that is better than what was measured. */
export function betterClaim({ figure, claim }: Row): number | undefined {
  if (figure === undefined || claim === undefined) return undefined;
  const said = claimsOf(claim[0])[claim[1]];
  return said !== undefined && figure > said * TOLERANCE ? said : undefined;
}

function claimsOf(row: string): number[] {
  const [major] = process.versions.node.split('.');
  let column = -1;
  for (const line of readFileSync(SPEED, 'utf8').split('\n')) {
    const cells = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (cells[0] === '') column = cells.indexOf(`Node ${major}`);
    if (cells[0] === row && column !== -1) return (cells[column] ?? '').split('/').map(Number);
  }
  return [];
}
