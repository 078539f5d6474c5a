/**
 * Memory fills up as fast as that at any time, in bytes per millisecond: 400 MB/s. A JavaScript heap that keeps 200 MB/s takes twice
 * that, for what it copies.
 */
const EXPECTED_SPEED = 400_000;
const LONGEST_MS = 1000;
/** Looks at what grows no faster than {@link SLOW} are no more frequent. */
const SLOW_PAUSE_MS = 5;
const SLOW = 10_000;

/** When to look next at a cage that page cache fills: there is no alarm any more. */
export class Pace {
  #last: { heldBytes: number; timeMs: number } | undefined;

  /** @param roomBytes what is left up to the limit */
  pauseMs(heldBytes: number, roomBytes: number, timeMs: number): number {
    const last = this.#last;
    this.#last = { heldBytes, timeMs };
    const passed = last === undefined ? 0 : Math.max(1, timeMs - last.timeMs);
    const speed = last === undefined ? EXPECTED_SPEED : (heldBytes - last.heldBytes) / passed;
    // Half of the way, so that what becomes faster is met too.
    const pause = roomBytes / (2 * Math.max(speed, EXPECTED_SPEED));
    return Math.min(LONGEST_MS, Math.max(speed > SLOW ? 1 : SLOW_PAUSE_MS, pause));
  }
}
