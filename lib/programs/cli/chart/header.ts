import { type Layout, NARROW } from '../../../common/drawing/layout';
import type { Part } from '../../../common/drawing/legend';
import { badge, columnsIn, heading, label } from '../../../common/drawing/markup';
import { formatDuration } from '../../../common/text/duration';
import { truncate, wrap } from '../../../common/text/text-width';
import { formatSize } from '../../../index';
import type { ChartData } from './chart-data';

const ENDING_SIZE = 15;
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
