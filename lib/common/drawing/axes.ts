import { formatDuration } from '../text/duration';
import { formatSize } from '../text/size';
import type { Layout, Plotted, Scale } from './layout';
import { element, label, type Markup, textWidth } from './markup';
import { byteTicks, formatTickTime, timeTicks } from './ticks';

export const TICK_SIZE = 12;

/** A line across the plot, with its text at the left. */
export function gridLine(y: number, text: string, { left, right }: { left: number; right: number }): Markup[] {
  return [
    element('line', { class: 'grid', x1: left, y1: y, x2: right, y2: y }),
    label(text, left - 10, y + 4, { class: 'tick muted right' }),
  ];
}

/** A tick below the plot, with its text. */
export function bottomTick(x: number, text: string, bottom: number): Markup[] {
  return [
    element('line', { class: 'axis', x1: x, y1: bottom, x2: x, y2: bottom + 5 }),
    label(text, x, bottom + 20, { class: 'tick muted middle' }),
  ];
}

export function sizeAxis(data: Plotted, layout: Layout, scale: Scale): Markup[] {
  return byteTicks(scale.topBytes, data.limitBytes, layout.mostSizes).values.flatMap((bytes) =>
    gridLine(scale.y(bytes), bytes === 0 ? '0' : formatSize(bytes), layout),
  );
}

/** The axis ends where the command ended, or what `endName` says. */
export function timeAxis({ durationMs }: Plotted, layout: Layout, scale: Scale, endName = 'end'): Markup[] {
  const { left, right, mostTimes } = layout;
  const { top, bottom } = scale;
  const end = `${endName} ${formatDuration(durationMs)}`;
  const { step, values } = timeTicks(durationMs, mostTimes);
  const ticks = values
    .map((ms) => ({ x: scale.x(ms), text: formatTickTime(ms, step) }))
    .filter(({ x, text }) => x + textWidth(text, TICK_SIZE) / 2 + 8 < right - textWidth(end, TICK_SIZE) / 2)
    .flatMap(({ x, text }) => bottomTick(x, text, bottom));
  return [
    element('line', { class: 'axis', x1: left, y1: bottom, x2: right, y2: bottom }),
    element('line', { class: 'axis', x1: right, y1: top, x2: right, y2: bottom + 8 }),
    ...ticks,
    label(end, right, bottom + 20, { class: 'tick strong middle' }),
  ];
}
