import { printable } from '../../../index';
import { widthOf } from '../text/text-width';

/** Escapes foreign text for elements and attributes of XML and HTML. */
export function escapeText(text: string): string {
  // XML forbids U+FFFE and U+FFFF. printable() replaces the rest of what it forbids, and invisible characters.
  return printable(text).replace(/[&<>"'`\ufffe\uffff]/g, (character) =>
    character > '\x7f' ? '\ufffd' : `&#${character.charCodeAt(0)};`,
  );
}

/** A command as you would type it, with quotes around words that a shell would split or expand. */
export function commandLine(words: readonly string[]): string {
  const quoted = words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`));
  return printable(quoted.join(' '));
}

/** Width of a line in a proportional font of this size in pixels. Errs on the wide side, since fonts differ. */
export function textWidth(text: string, size: number): number {
  return widthOf(text) * size * 0.6;
}
