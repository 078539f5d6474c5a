import { areas, type Layers, legendOf } from '../../../common/drawing/areas';
import { sizeAxis, timeAxis } from '../../../common/drawing/axes';
import { type Layout, NARROW, type Plotted, scaleOf, WIDE } from '../../../common/drawing/layout';
import { legend } from '../../../common/drawing/legend';
import { levels } from '../../../common/drawing/levels';
import { element, type Markup } from '../../../common/drawing/markup';
import { formatDuration } from '../../../common/text/duration';
import { formatSize } from '../../../common/text/size';
import type { HeldSample } from '../messages';
import type { EvidenceReport } from '../report';
import { KINDS } from './kinds';

/** Fewer are no curve. */
const LEAST_SAMPLES = 3;

const LAYERS: Layers<HeldSample> = {
  parts: KINDS.map(({ kind, className, text }) => ({ className, text, bytes: (sample) => sample.kinds[kind] })),
  lines: [],
};

/** The memory until the cage was stopped, against its limit, for wide and for narrow windows. */
export function overTime({ samples, cage }: EvidenceReport): Markup[] {
  if (samples.length < LEAST_SAMPLES) return [];
  const [first, last] = [samples[0]?.atMs ?? 0, samples.at(-1)?.atMs ?? 0];
  const points = samples.map((sample) => ({ ...sample, atMs: sample.atMs - first }));
  const { limitBytes, at } = cage;
  const durationMs = last - first;
  const highBytes = (limitBytes * Number.parseInt(at, 10)) / 100;
  const data = { points, durationMs, limitBytes, highBytes, peakBytes: null };
  const spoken = `Memory over ${formatDuration(durationMs)}, up to ${formatSize(points.at(-1)?.usageBytes ?? 0)} of ${formatSize(limitBytes)}`;
  return [element('figure', {}, ...[WIDE, NARROW].map((layout) => picture(data, { layout, at, spoken })))];
}

function picture(
  data: Plotted & { points: readonly HeldSample[] },
  { layout, at, spoken }: { layout: Layout; at: string; spoken: string },
): Markup {
  const { width, margin } = layout;
  const { limitBytes, highBytes, points } = data;
  const key = legend(legendOf(points, LAYERS, scaleOf(data, layout, 0)), layout, 0);
  const scale = scaleOf(data, layout, key.bottom + 8);
  const height = scale.bottom + 32;
  return element(
    'svg',
    {
      class: layout === NARROW ? 'narrow' : 'wide',
      viewBox: `${margin} 0 ${width - 2 * margin} ${height}`,
      role: 'img',
      'aria-label': spoken,
    },
    ...key.markup,
    ...sizeAxis(data, layout, scale),
    ...areas([points], LAYERS, scale),
    ...timeAxis(data, layout, scale, 'read at'),
    ...levels(
      [
        { className: 'high', name: at, bytes: highBytes, isShown: scale.showsHigh },
        { className: 'limit', name: 'limit', bytes: limitBytes, isShown: scale.showsLimit },
      ],
      layout,
      scale,
    ),
  );
}
