import { stripVTControlCharacters } from 'node:util';
import { printable } from './names';

/** So much of the end is looked at. */
const END = 8192;
const MOST = 200;
/** What Node prints below the error that ends it. */
const NODE_VERSION = /^Node\.js v\d/;
/** A line of a stack, or of what is printed of an object. */
const WITHIN = /^(?:\s|[\])}]+,?$)/;

/**
 * The last line that a program wrote before it failed, safe to print on a terminal, and at most 200 characters: most say there why.
 * Of an error with a stack the line above that. Empty if there is none.
 */
export function lastLine(text: string | Buffer): string {
  const end = typeof text === 'string' ? text.slice(-END) : text.toString('utf8', Math.max(0, text.length - END));
  const lines = stripVTControlCharacters(end)
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== '' && !NODE_VERSION.test(line));
  const line = lines.filter((each) => !WITHIN.test(each)).at(-1) ?? lines.at(-1) ?? '';
  const shown = printable(line.trim().slice(0, MOST + 1));
  return shown.length > MOST ? `${shown.slice(0, MOST - 3)}...` : shown;
}
