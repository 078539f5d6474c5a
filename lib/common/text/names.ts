import { readFileSync } from 'node:fs';

// JSON handles C0. These are C1, DEL, and characters that change the direction or the line of a text.
const OBEYED = /[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/**
 * A name that others chose, of a cgroup, a container or a program, on one line: a terminal would obey some characters.
 * Control characters, and those that change the direction of a text, become escapes such as `\\n` and `\\u001b`.
 */
export function printable(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll('\\\\', '\\')
    .replace(OBEYED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A text as one word of a command line that a person can paste into a shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

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

/** Whether a path is that directory, or below it. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
}
