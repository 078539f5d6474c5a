import { readFileSync } from 'node:fs';

/** Where the fixed digits of a random UUID are, its dashes left out: those of the version and the variant (RFC 9562). */
const FIXED = new Set([12, 16]);

/**
 * So many random digits, 30 at most, for names. From the kernel itself: Node's own module for that is one of the longest to
 * load.
 */
export function randomHex(digits: number): string {
  const uuid = readFileSync('/proc/sys/kernel/random/uuid', 'latin1').trim().replaceAll('-', '');
  return [...uuid]
    .filter((_, index) => !FIXED.has(index))
    .join('')
    .slice(0, digits);
}
