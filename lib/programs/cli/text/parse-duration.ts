const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Reads `500ms`, `5s`, `1.5m`, `2h`, or seconds without a unit, as milliseconds; NaN if it is none of these. */
export function parseDuration(text: string): number {
  const [, number = '', unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  return number === '' ? Number.NaN : Math.round(Number(number) * (UNITS[unit] ?? Number.NaN));
}
