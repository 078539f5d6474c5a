import { escapeText } from './text';

/** Markup that is safe in a document. Make it with {@link element} and {@link text}, or of memcage's own constants. */
export interface Markup {
  readonly markup: string;
}

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

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
