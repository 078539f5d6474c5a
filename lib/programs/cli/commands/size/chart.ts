import { bottomTick, gridLine, TICK_SIZE } from '../../../../common/drawing/axes';
import { type Drawing, htmlDocument, svgDocument } from '../../../../common/drawing/document';
import {
  commandLine,
  cross,
  element,
  heading,
  label,
  type Markup,
  text,
  textWidth,
} from '../../../../common/drawing/markup';
import { formatTickTime, timeTicks } from '../../../../common/drawing/ticks';
import { formatDuration } from '../../../../common/text/duration';
import { bytesAt, placeOf, sizeAt } from './grid';
import { conclusionOf, type JudgedTrial, peakText, rowsOf, type SizeResult } from './result';

/** In pixels: the drawing, and in it the plot. */
const LAYOUT = { width: 960, height: 490, margin: 28, left: 92, right: 830, top: 170, bottom: 430 } as const;
const MOST_TIMES = 6;
const MARK = 5;

/** Space beside the outermost limits, as a share of what is between them. */
const ASIDE = 0.06;
const HEADROOM = 1.1;

/** Time over limit, as an SVG document. */
export function renderChart(result: SizeResult): string {
  return svgDocument(draw(result), result.command, conclusionOf(result));
}

/** The chart as a page, with the runs as a table. */
export function renderChartPage(result: SizeResult): string {
  const { markup, width, height } = draw(result);
  const attributes = { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': conclusionOf(result) };
  const rows = rowsOf(result).map((row, index) =>
    element('tr', {}, ...row.map((cell) => element(index === 0 ? 'th' : 'td', {}, text(cell)))),
  );
  return htmlDocument({
    title: commandLine(result.command),
    body: [
      element('figure', {}, element('svg', attributes, ...markup)),
      element('table', {}, element('tbody', {}, ...rows)),
    ],
  });
}

function draw(result: SizeResult): Drawing {
  const { width, height, margin } = LAYOUT;
  const scale = scaleOf(result);
  const { baseline } = result;
  const free = `without a limit ${formatDuration(baseline.durationMs)}, peak ${peakText(baseline)}`;
  const markup = [
    element('rect', { class: 'ground', width, height }),
    heading(result.command, margin, width),
    label(conclusionOf(result), margin, margin + 42, { class: `ending ${result.recommended ? 'good' : 'bad'}` }),
    label(free, margin, margin + 62, { class: 'muted' }),
    ...legend(margin, margin + 88),
    ...timeAxis(scale),
    ...limitAxis(scale),
    ...levels(result, scale),
    ...result.trials.flatMap((trial) => mark(trial, scale)),
  ];
  return { markup, width, height };
}

type Mark = 'well' | 'not well' | 'free';

const MEANINGS = [
  ['well', 'a run that was well'],
  ['not well', 'a run that was not (hover: why)'],
  ['free', 'a run without a limit, at its peak'],
] as const satisfies readonly (readonly [Mark, string])[];

/** What the marks mean. The lines have their names beside them. */
function legend(left: number, y: number): Markup[] {
  let x: number = left;
  return MEANINGS.flatMap(([mark, meaning]) => {
    const markup = [sign(mark, x + 7, y - 4), label(meaning, x + 22, y)];
    x += 22 + textWidth(meaning, TICK_SIZE) + 18;
    return markup;
  });
}

/** A dot for a run that was well, or had no limit; else a cross. */
function sign(mark: Mark, x: number, y: number): Markup {
  if (mark === 'not well') return element('path', { class: 'limit-line', d: cross(x, y, MARK), fill: 'none' });
  return element('circle', { class: mark === 'free' ? 'anon' : 'good', cx: x, cy: y, r: MARK });
}

/** Maps limits and times to pixels. */
interface TrialScale {
  leastBytes: number;
  topMs: number;
  x(bytes: number): number;
  y(ms: number): number;
}

/** Limits are on a logarithmic scale: a tenth more is the same distance anywhere, as in the search. */
function scaleOf({ trials, recommended, baseline }: SizeResult): TrialScale {
  const { left, right, top, bottom } = LAYOUT;
  const shown = [...trials.map(bytesOf), recommended?.bytes, baseline.peakBytes].filter(hasPlace);
  const least = Math.log(Math.min(...shown));
  const most = Math.log(Math.max(...shown));
  const aside = Math.max(ASIDE * (most - least), 0.02);
  const from = least - aside;
  const to = most + aside;
  const topMs = HEADROOM * Math.max(...trials.map(({ durationMs }) => durationMs), baseline.durationMs);
  return {
    leastBytes: Math.exp(from),
    topMs,
    x: (bytes) => left + ((Math.log(bytes) - from) / (to - from)) * (right - left),
    y: (ms) => bottom - (ms / topMs) * (bottom - top),
  };
}

/** Where a run is drawn: one without a limit at its peak. */
function bytesOf({ limitBytes, peakBytes }: JudgedTrial): number | null {
  return Number.isFinite(limitBytes) ? limitBytes : peakBytes;
}

/** Whether the axis can have such a size: none that is not known, and no 0, of which there is no logarithm. */
function hasPlace(bytes: number | null | undefined): bytes is number {
  return bytes != null && bytes > 0 && Number.isFinite(bytes);
}

function timeAxis(scale: TrialScale): Markup[] {
  const { step, values } = timeTicks(scale.topMs, MOST_TIMES);
  return values.flatMap((ms) => gridLine(scale.y(ms), formatTickTime(ms, step), LAYOUT));
}

/** The ticks are sizes of the grid, as many as there is room for. */
function limitAxis(scale: TrialScale): Markup[] {
  const { left, right, bottom } = LAYOUT;
  const markup = [
    element('line', { class: 'axis', x1: left, y1: bottom, x2: right, y2: bottom }),
    label('limit', (left + right) / 2, bottom + 42, { class: 'muted middle' }),
  ];
  let free: number = left;
  const at = (place: number): number => scale.x(bytesAt(place));
  for (let place = placeOf(scale.leastBytes); at(place) <= right; place += 1) {
    const x = at(place);
    const size = sizeAt(place);
    const half = textWidth(size, TICK_SIZE) / 2;
    if (x - half < free || x + half > right) continue;
    free = x + half + 28;
    markup.push(...bottomTick(x, size, bottom));
  }
  return markup;
}

/** What was found, from top to bottom, and the usual time without a limit, from left to right. */
function levels({ smallest, recommended, baseline }: SizeResult, scale: TrialScale): Markup[] {
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
    ...(smallest ? upright(smallest.bytes, 'limit', 'limit-line', `smallest ${smallest.size}`, top - 6) : []),
    ...(recommended
      ? upright(recommended.bytes, 'good', 'peak-line', `recommended ${recommended.size}`, top - 26)
      : []),
  ];
}

/** A run. Nothing for one without a limit whose peak is not known. */
function mark(trial: JudgedTrial, scale: TrialScale): Markup[] {
  const { limitBytes, durationMs, judgement } = trial;
  const bytes = bytesOf(trial);
  if (!hasPlace(bytes)) return [];
  const isFree = !Number.isFinite(limitBytes);
  const x = scale.x(bytes);
  const y = scale.y(durationMs);
  const name = isFree ? 'no limit' : sizeAt(placeOf(limitBytes));
  const title = element('title', {}, text(`${name}: ${formatDuration(durationMs)}, ${judgement}`));
  return [element('g', {}, title, sign(judgement !== 'well' ? 'not well' : isFree ? 'free' : 'well', x, y))];
}
