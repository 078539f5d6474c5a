const MIB = 2 ** 20;

/**
 * The sizes at which limits are tried, in MiB, from 1 to 10; each decade above has the same, ten times as large. They are easy to read, at
 * most 5 % apart, and the same for all commands: so two searches meet at the same sizes.
 */
const DECADE = [...range(20, 40, 1), ...range(40, 80, 2), ...range(80, 200, 4)].map((twentieths) => twentieths / 20);

function range(from: number, to: number, step: number): number[] {
  return Array.from({ length: (to - from) / step }, (_, index) => from + index * step);
}

/** The size of a place on the grid, as one writes it: `105M`. */
export function sizeAt(place: number): string {
  // 10 MiB and more in whole hundredths of a decade: a product of floating-point numbers would show its rounding.
  const mib = (DECADE[place % DECADE.length] ?? 0) * 10 ** Math.floor(place / DECADE.length);
  return `${Math.round(mib * 100) / 100}M`;
}

/** In whole bytes. */
export function bytesAt(place: number): number {
  return Math.floor(Number.parseFloat(sizeAt(place)) * MIB);
}

/** The first place with at least so many bytes. */
export function placeOf(bytes: number): number {
  let place = Math.max(0, Math.floor(Math.log10(Math.max(1, bytes / MIB))) * DECADE.length);
  while (bytesAt(place) < bytes) place += 1;
  return place;
}
