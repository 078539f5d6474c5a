const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Formats a duration for people: `3 ms`, `1.24 s`, `2 min 5 s`, `3 h 0 min`. */
export function formatDuration(ms: number): string {
  if (ms < 10) return `${Math.round(ms * 10) / 10} ms`;
  if (ms < SECOND) return ms >= SECOND - 0.5 ? '1 s' : `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${rounded(ms / SECOND)} s`;
  const [large, small] = ms < HOUR ? [MINUTE, SECOND] : [HOUR, MINUTE];
  const [largeName, smallName] = ms < HOUR ? ['min', 's'] : ['h', 'min'];
  return `${Math.floor(ms / large)} ${largeName} ${Math.floor((ms % large) / small)} ${smallName}`;
}

function rounded(seconds: number): number {
  // Rounding would turn 59.996 into 60.
  return Math.floor(seconds * 100) / 100;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Reads `500ms`, `5s`, `1.5m`, `2h`, or seconds without a unit, as milliseconds; NaN if it is none of these. */
export function parseDuration(text: string): number {
  const [, number = '', unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  return number === '' ? Number.NaN : Math.round(Number(number) * (UNITS[unit] ?? Number.NaN));
}
