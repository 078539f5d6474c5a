import { formatSize } from '../text/size';
import type { Layout, Scale } from './layout';
import { element, label, type Markup, round } from './markup';

/** A horizontal line, named at the right of the plot. */
export interface Level {
  className: 'limit' | 'high' | 'peak';
  name: string;
  /** `Infinity`: there is none. */
  bytes: number;
  /** Whether the axis goes so far. */
  isShown: boolean;
}

const LEVEL_HEIGHT = 30;

/** @param all later ones are drawn over earlier ones, and their names are above */
export function levels(all: readonly Level[], layout: Layout, scale: Scale): Markup[] {
  const finite = all.filter(({ bytes }) => Number.isFinite(bytes));
  const heights = apart(
    finite.map(({ bytes, isShown }) => (isShown ? scale.y(bytes) : scale.top)),
    { least: scale.top + 12, most: scale.bottom - 8, distance: LEVEL_HEIGHT },
  );
  return finite.flatMap((level, index) => drawLevel(level, heights[index] ?? 0, layout, scale));
}

function drawLevel({ className, name, bytes, isShown }: Level, at: number, layout: Layout, scale: Scale): Markup[] {
  const { left, right } = layout;
  const y = scale.y(bytes);
  const x = right + 16;
  const named = [
    label(isShown ? name : `${name} ↑`, x, at - 2, { class: className }),
    label(formatSize(bytes), x, at + 12, { class: `tick strong ${className}` }),
  ];
  if (!isShown) return named;
  return [
    element('line', { class: `${className}-line`, x1: left, y1: y, x2: right, y2: y }),
    element('path', {
      class: `leader ${className}-line`,
      d: `M${right} ${round(y)}L${right + 6} ${round(y)}L${right + 12} ${round(at)}`,
    }),
    ...named,
  ];
}

/** Moves labels apart so that they do not overlap. Keeps the order of their heights. */
function apart(
  wanted: readonly number[],
  { least, most, distance }: { least: number; most: number; distance: number },
): number[] {
  // If several want the same place, the last goes on top.
  const order = wanted.map((_, index) => index).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0) || b - a);
  const placed = [...wanted];
  let free = least;
  for (const index of order) {
    placed[index] = Math.max(free, wanted[index] ?? 0);
    free = (placed[index] ?? 0) + distance;
  }
  let room = most;
  for (const index of order.reverse()) {
    placed[index] = Math.min(room, placed[index] ?? 0);
    room = (placed[index] ?? 0) - distance;
  }
  return placed;
}
