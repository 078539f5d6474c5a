const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' };

/** Text from outside as text of XML and HTML, in elements and in attributes. */
export function escapeText(text: string): string {
  return visible(text).replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** With escapes in place of what XML forbids, what breaks lines, and what can't be seen: marks of direction, for one. */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffe\uffff]/gu,
    (character) => ESCAPES[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** A command as it would be typed: words that a shell would take apart have quotes. */
export function commandLine(words: readonly string[]): string {
  const quoted = words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`));
  return visible(quoted.join(' '));
}

/** Its width in a monospaced font, in characters; rather too much, since fonts differ. */
export function columns(text: string): number {
  let count = 0;
  for (const character of text) count += columnsOf(character);
  return count;
}

/** Cut off where it would be wider than that. */
export function shorten(text: string, most: number): string {
  if (columns(text) <= most) return text;
  let kept = '';
  let left = most - 1;
  for (const character of text) {
    left -= columnsOf(character);
    if (left < 0) break;
    kept += character;
  }
  return `${kept.trimEnd()}…`;
}

function columnsOf(character: string): number {
  if (/\p{M}/u.test(character)) return 0;
  // Latin, Greek, Cyrillic; the rest may be as wide as it is high.
  return character < '\u0530' ? 1 : 2;
}

/** Width of a line in a proportional font of this size in pixels; rather too much. */
export function textWidth(text: string, size: number): number {
  return columns(text) * size * 0.6;
}
