import type { Layout } from './layout';
import { element, label, type Markup, textWidth } from './markup';

/** A part of a drawing, and where it ends. */
export interface Part {
  markup: Markup[];
  bottom: number;
}

/** The meaning of a colour or a line. */
export interface LegendEntry {
  className: string;
  isLine: boolean;
  text: string;
}

const TEXT_SIZE = 12;

export function legend(entries: readonly LegendEntry[], { margin, width }: Layout, top: number): Part {
  const markup: Markup[] = [];
  let x = margin;
  let y = top + 16;
  for (const { className, isLine, text } of entries) {
    const wide = 20 + textWidth(text, TEXT_SIZE) + 16;
    if (x > margin && x + wide - 16 > width - margin) {
      x = margin;
      y += 20;
    }
    markup.push(
      isLine
        ? element('line', { class: className, x1: x, y1: y - 4, x2: x + 14, y2: y - 4 })
        : element('rect', { class: className, x, y: y - 10, width: 12, height: 12, rx: 2 }),
      label(text, x + 20, y),
    );
    x += wide;
  }
  return { markup, bottom: y + 10 };
}
