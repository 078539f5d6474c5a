import { escapeText } from './text';

/** Markup, safe to be put into a document. Made by {@link element} and {@link text} alone. */
export interface Markup {
  readonly markup: string;
}

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Numbers are rounded: a tenth of a pixel can't be seen. */
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
