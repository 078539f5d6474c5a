import { printable } from '../../index';
import { widthOf } from '../text/text-width';

/** Text from outside as text of XML and HTML, in elements and in attributes. */
export function escapeText(text: string): string {
  // XML forbids these two. What else it forbids, and what can't be seen, is no text for a terminal either.
  return printable(text).replace(/[&<>"'`\ufffe\uffff]/g, (character) =>
    character > '\x7f' ? '\ufffd' : `&#${character.charCodeAt(0)};`,
  );
}

/** A command as it would be typed: words that a shell would take apart have quotes. */
export function commandLine(words: readonly string[]): string {
  const quoted = words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`));
  return printable(quoted.join(' '));
}

/** Width of a line in a proportional font of this size in pixels; rather too much, since fonts differ. */
export function textWidth(text: string, size: number): number {
  return widthOf(text) * size * 0.6;
}
