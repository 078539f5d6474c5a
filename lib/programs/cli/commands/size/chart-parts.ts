import { element, label, type Markup, round } from '../../chart/markup';
import { textWidth } from '../../chart/text';
import { formatTickTime, timeTicks } from '../../chart/ticks';
import { formatDuration } from '../../text/duration';
import { LAYOUT, type Scale } from './chart-scale';
import { bytesAt, placeOf, sizeAt } from './grid';
import type { JudgedTrial, SizeResult } from './result';

const TICK_SIZE = 12;
const MOST_TIMES = 6;
const MARK = 5;

/** The axes with their ticks. Those of the limits are sizes of the grid, as many as there is room for. */
export function axes(scale: Scale): Markup[] {
  const { left, right, bottom } = LAYOUT;
  const { step, values } = timeTicks(scale.topMs, MOST_TIMES);
  const times = values.flatMap((ms) => {
    const y = scale.y(ms);
    return [
      element('line', { class: 'grid', x1: left, y1: y, x2: right, y2: y }),
      label(formatTickTime(ms, step), left - 10, y + 4, { class: 'tick muted right' }),
    ];
  });
  return [
    ...times,
    element('line', { class: 'axis', x1: left, y1: bottom, x2: right, y2: bottom }),
    ...limitTicks(scale),
    label('limit', (left + right) / 2, bottom + 42, { class: 'muted middle' }),
  ];
}

function limitTicks(scale: Scale): Markup[] {
  const { right, bottom } = LAYOUT;
  const markup: Markup[] = [];
  let free = LAYOUT.left;
  for (let place = placeOf(scale.leastBytes); bytesAt(place) <= scale.mostBytes; place += 1) {
    const x = scale.x(bytesAt(place));
    const size = sizeAt(place);
    const half = textWidth(size, TICK_SIZE) / 2;
    if (x - half < free || x + half > right) continue;
    free = x + half + 28;
    markup.push(
      element('line', { class: 'axis', x1: x, y1: bottom, x2: x, y2: bottom + 5 }),
      label(size, x, bottom + 20, { class: 'tick muted middle' }),
    );
  }
  return markup;
}

/** What was found, from top to bottom, and the usual time without a limit, from left to right. */
export function levels({ smallest, recommended, baseline }: SizeResult, scale: Scale): Markup[] {
  const { left, right, top, bottom } = LAYOUT;
  const y = scale.y(baseline.durationMs);
  const upright = (bytes: number, className: string, line: string, name: string, at: number): Markup[] => {
    const x = scale.x(bytes);
    const isRight = x > (left + right) / 2;
    return [
      element('line', { class: line, x1: x, y1: at - 10, x2: x, y2: bottom }),
      label(name, x + (isRight ? -6 : 6), at, { class: `strong ${className}${isRight ? ' right' : ''}` }),
    ];
  };
  return [
    element('line', { class: 'high-line', x1: left, y1: y, x2: right, y2: y }),
    label('no limit', right + 12, y - 2, { class: 'high' }),
    label(formatDuration(baseline.durationMs), right + 12, y + 12, { class: 'tick strong high' }),
    ...(smallest === undefined
      ? []
      : upright(smallest.bytes, 'limit', 'limit-line', `smallest ${smallest.size}`, top - 6)),
    ...(recommended === undefined
      ? []
      : upright(recommended.bytes, 'good', 'peak-line', `recommended ${recommended.size}`, top - 26)),
  ];
}

/** The runs: dots for those that went well, crosses for the others. Those without a limit are at the peak that they had. */
export function marks({ trials }: SizeResult, scale: Scale): Markup[] {
  return trials.map((trial) => mark(trial, scale));
}

function mark({ limitBytes, peakBytes, durationMs, judgement }: JudgedTrial, scale: Scale): Markup {
  const isFree = !Number.isFinite(limitBytes);
  const x = scale.x(isFree ? peakBytes : limitBytes);
  const y = scale.y(durationMs);
  const name = isFree ? 'no limit' : sizeAt(placeOf(limitBytes));
  const title = element('title', {}, { markup: `${name}: ${formatDuration(durationMs)}, ${judgement}` });
  const shape =
    judgement === 'well'
      ? element('circle', { class: isFree ? 'anon' : 'good', cx: x, cy: y, r: MARK })
      : element('path', {
          class: 'limit-line',
          d: `M${round(x - MARK)} ${round(y - MARK)}l${2 * MARK} ${2 * MARK}m0 ${-2 * MARK}l${-2 * MARK} ${2 * MARK}`,
          fill: 'none',
        });
  return element('g', {}, title, shape);
}
