import { readFileSync } from 'node:fs';

/** Positions of the fixed digits of a random UUID without its dashes: the version and the variant (RFC 9562). */
const FIXED = new Set([12, 16]);

/**
 * Returns random digits for names, at most 30. They come from the kernel: Node's own module for that takes long to
 * load.
 */
export function randomHex(digits: number): string {
  const uuid = readFileSync('/proc/sys/kernel/random/uuid', 'utf8').trim().replaceAll('-', '');
  return [...uuid]
    .filter((_, index) => !FIXED.has(index))
    .join('')
    .slice(0, digits);
}
