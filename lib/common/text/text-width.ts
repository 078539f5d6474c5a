import { stripVTControlCharacters } from 'node:util';

/** East Asian wide characters and emoji, which fill two columns of a terminal. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const MARK = /\p{Mark}/u;

/** How many columns a text fills in a terminal. Its colours fill none. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of stripVTControlCharacters(text)) width += widthOfCharacter(character);
  return width;
}

/** Cuts a text without colours to `width` columns. `ellipsis` stands for the end that is cut off. */
export function truncate(text: string, width: number, ellipsis: string): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let left = width - 1;
  for (const character of text) {
    left -= widthOfCharacter(character);
    if (left < 0) break;
    kept += character;
  }
  return width < 1 ? '' : `${kept}${ellipsis}`;
}

/** {@link truncate} that cuts off the beginning. */
export function truncateStart(text: string, width: number, ellipsis: string): string {
  if (widthOf(text) <= width) return text;
  const reversed = (of: string): string => [...of].reverse().join('');
  return reversed(truncate(reversed(text), width, ellipsis));
}

export function pad(text: string, width: number, side: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(text)));
  return side === 'left' ? `${text}${blanks}` : `${blanks}${text}`;
}

/** Breaks a text at blanks into lines of at most `width` columns. A longer word is a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    const longer = `${last} ${word}`;
    if (last === undefined || widthOf(longer) > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

function widthOfCharacter(character: string): number {
  if (character < '\x7f') return 1;
  if (MARK.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
