/** After so long without a change, whoever runs may wait for a frozen one. */
const STILL_MS = 30_000;
/** A program that waits may do so much now and then. */
const LITTLE_BYTES = 64 * 1024;
const LITTLE_CPU_PART = 1 / 100;

/** What those have done and use that are not frozen. */
export interface Doings {
  usedBytes: number;
  /** Processor time so far; 0 where nothing tells. */
  cpuMs: number;
}

/** Tells that those which run may wait for a frozen one: they have got nowhere for long. */
export class Stillness {
  #since: (Doings & { atMs: number }) | undefined;

  /** @returns whether it is so. Then it begins anew */
  looked(now: Doings, nowMs: number): boolean {
    const since = this.#since;
    if (since === undefined || hasMoved(since, now, nowMs)) {
      this.#since = { ...now, atMs: nowMs };
      return false;
    }
    if (nowMs - since.atMs < STILL_MS) return false;
    this.#since = undefined;
    return true;
  }

  /** Others run than before. */
  begin(): void {
    this.#since = undefined;
  }
}

function hasMoved(since: Doings & { atMs: number }, now: Doings, nowMs: number): boolean {
  if (Math.abs(now.usedBytes - since.usedBytes) > LITTLE_BYTES) return true;
  return now.cpuMs - since.cpuMs > Math.max(nowMs - since.atMs, 1000) * LITTLE_CPU_PART;
}
