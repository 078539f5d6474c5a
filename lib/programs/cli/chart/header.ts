import { formatDuration } from '../../../common/text/duration';
import { formatSize } from '../../../index';
import { truncate, wrap } from '../text/text-width';
import type { ChartData } from './chart-data';
import { type Layout, NARROW } from './layout';
import { badge, columnsIn, element, heading, label, type Markup, textWidth } from './markup';

/** A part of the chart, and where it ends. */
export interface Part {
  markup: Markup[];
  bottom: number;
}

const ENDING_SIZE = 15;
const TEXT_SIZE = 12;
const TILE_WIDTH = 210;

/** The command, how it ended, and the figures that matter most. */
export function header(data: ChartData, layout: Layout): Part {
  const { margin, width } = layout;
  const isNarrow = layout === NARROW;
  const room = width - 2 * margin;
  const markup = [heading(data.command, margin, width), ...badge(margin + 8, margin + 37, data.isGood)];
  let y = margin + 42;
  const columns = columnsIn(room - 22, ENDING_SIZE);
  for (const line of wrap(data.ending, columns)) {
    markup.push(
      label(truncate(line, columns, '…'), margin + 22, y, { class: `ending ${data.isGood ? 'good' : 'bad'}` }),
    );
    y += 20;
  }
  const tiles = tilesOf(data);
  const perRow = isNarrow ? 2 : tiles.length;
  const tileWidth = isNarrow ? room / perRow : TILE_WIDTH;
  tiles.forEach(([name, value], index) => {
    const x = margin + (index % perRow) * tileWidth;
    const top = y + Math.floor(index / perRow) * 50;
    markup.push(label(name, x, top + 14, { class: 'muted' }), label(value, x, top + 36, { class: 'value' }));
  });
  return { markup, bottom: y + Math.ceil(tiles.length / perRow) * 50 };
}

function percent(share: number): string {
  return share > 0 && share < 0.01 ? 'under 1 %' : `${Math.floor(share * 100)} %`;
}

function tilesOf({ peakBytes, limitBytes, durationMs, cpuMs }: ChartData): [name: string, value: string][] {
  const isLimited = Number.isFinite(limitBytes);
  const share = peakBytes === null || !isLimited ? '' : `, ${percent(peakBytes / limitBytes)} of the limit`;
  return [
    [`peak${share}`, peakBytes === null ? 'unknown' : formatSize(peakBytes)],
    ['limit', isLimited ? formatSize(limitBytes) : 'none'],
    ['time', formatDuration(durationMs)],
    ['processor time', cpuMs === null ? 'unknown' : formatDuration(cpuMs)],
  ];
}

/** The meaning of a colour or a line. */
export interface LegendEntry {
  className: string;
  isLine: boolean;
  text: string;
}

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
