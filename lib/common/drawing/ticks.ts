const KIB = 1024;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const TIME_STEPS_MS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
];

/** Round numbers of a binary unit: decimal ones, as people write limits, and powers of two. */
const TENS = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500];
const TWOS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

export interface Ticks {
  step: number;
  values: number[];
}

/**
 * Round amounts of memory from 0 to `top`.
 *
 * @param limit gets a tick if it is round enough
 * @param most how many steps fit
 */
export function byteTicks(top: number, limit: number, most: number): Ticks {
  const least = top / most;
  const unit = KIB ** Math.max(0, Math.floor(Math.log(Math.max(1, least)) / Math.log(KIB)));
  const steps = [unit, unit * KIB].flatMap((base) => [...TENS, ...TWOS].map((count) => count * base));
  const large = steps.filter((step) => step >= least).sort((a, b) => a - b);
  // Only steps that are not much coarser than necessary.
  const fine = large.filter((step) => step <= 2.5 * (large[0] ?? step));
  const step = fine.find((each) => Number.isFinite(limit) && limit % each === 0) ?? firstOf(fine, TENS, unit) ?? unit;
  return ticksOf(step, top);
}

/** Round times from 0 to `end`, in milliseconds. */
export function timeTicks(end: number, most: number): Ticks {
  const least = end / most;
  const days = Math.max(1, Math.ceil(least / DAY));
  return ticksOf(TIME_STEPS_MS.find((step) => step >= least) ?? days * DAY, end);
}

/** The text of a tick, as fine as the step requires. */
export function formatTickTime(ms: number, step: number): string {
  if (ms === 0) return '0';
  if (step < SECOND) return step < 100 || ms < SECOND ? `${ms} ms` : `${trim(ms / SECOND)} s`;
  if (step < MINUTE) return ms < MINUTE ? `${ms / SECOND} s` : clock(ms);
  if (step < HOUR) return ms < HOUR ? `${ms / MINUTE} min` : clock(ms);
  if (step < DAY) return `${ms / HOUR} h`;
  return `${ms / DAY} d`;
}

/** Minutes and seconds, or hours and minutes: `1:30 min`, `1:30 h`. */
function clock(ms: number): string {
  const [large, small] = ms < HOUR ? [MINUTE, SECOND] : [HOUR, MINUTE];
  const unit = ms < HOUR ? 'min' : 'h';
  return `${Math.floor(ms / large)}:${String(Math.floor((ms % large) / small)).padStart(2, '0')} ${unit}`;
}

function firstOf(steps: readonly number[], counts: readonly number[], unit: number): number | undefined {
  return steps.find((step) => counts.includes(step / unit) || counts.includes(step / (unit * KIB))) ?? steps[0];
}

function ticksOf(step: number, end: number): Ticks {
  return { step, values: Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, index) => index * step) };
}

function trim(value: number): number {
  return Math.round(value * 1000) / 1000;
}
