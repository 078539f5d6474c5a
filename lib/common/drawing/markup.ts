import { printable } from '../text/names';
import { truncate, widthOf } from '../text/text-width';

/** Markup that is safe in a document. Make it with {@link element} and {@link text}, or of memcage's own constants. */
export interface Markup {
  readonly markup: string;
}

/** The size of the font of the class `command` in pixels, and how wide a letter is, as a share of it. */
const HEADING_SIZE = 17;
const MONO_WIDTH = 0.61;

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Rounds numbers: nobody sees a tenth of a pixel. */
export function element(name: string, attributes: Attributes, ...children: readonly Markup[]): Markup {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : escapeText(value ?? '')}"`)
    .join('');
  if (children.length === 0) return { markup: `<${name}${written}/>` };
  return { markup: `<${name}${written}>${children.map(({ markup }) => markup).join('')}</${name}>` };
}

export function text(content: string): Markup {
  return { markup: escapeText(content) };
}

export function label(content: string, x: number, y: number, attributes: Attributes = {}): Markup {
  return element('text', { x, y, ...attributes }, text(content));
}

/** The path of a cross around a point. */
export function cross(x: number, y: number, half: number): string {
  return `M${round(x - half)} ${round(y - half)}l${2 * half} ${2 * half}m0 ${-2 * half}l${-2 * half} ${2 * half}`;
}

/** A tick or a cross in a circle, which can be told apart without colour. */
export function badge(x: number, y: number, isGood: boolean): Markup[] {
  const path = isGood ? `M${x - 4} ${y}l3 3l5.5 -6` : cross(x, y, 3);
  return [
    element('circle', { class: isGood ? 'good' : 'bad', cx: x, cy: y, r: 8 }),
    element('path', { class: 'cross', d: path, fill: 'none' }),
  ];
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Escapes foreign text for elements and attributes of XML and HTML. */
function escapeText(text: string): string {
  // XML forbids U+FFFE and U+FFFF. printable() replaces the rest of what it forbids, and invisible characters.
  return printable(text).replace(/[&<>"'`\ufffe\uffff]/g, (character) =>
    character > '\x7f' ? '\ufffd' : `&#${character.charCodeAt(0)};`,
  );
}

/** A line for a command as the heading of a drawing. */
export function heading(command: readonly string[], margin: number, width: number): Markup {
  const most = Math.floor((width - 2 * margin) / (HEADING_SIZE * MONO_WIDTH));
  return label(truncate(commandLine(command), most, '…'), margin, margin + 16, { class: 'command' });
}

/** A command as you would type it, with quotes around words that a shell would split or expand. */
export function commandLine(words: readonly string[]): string {
  const quoted = words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`));
  return printable(quoted.join(' '));
}

/** How wide a letter of a proportional font is, as a share of its size. Errs on the wide side, since fonts differ. */
const LETTER_WIDTH = 0.6;

/** Width of a line in a proportional font of this size, in pixels. */
export function textWidth(text: string, size: number): number {
  return widthOf(text) * size * LETTER_WIDTH;
}

/** How many letters of such a font have room. */
export function columnsIn(width: number, size: number): number {
  return Math.floor(width / (size * LETTER_WIDTH));
}
