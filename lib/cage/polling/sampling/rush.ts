import { FAST, LAST_PART } from './pace';
import type { Process } from './process';

/** Between two figures of one process, for a rate that says something. */
const LEAST_MS = 1;

/** How soon a process would have to reach the limit to be stopped there, if no look came in time. */
const SOON_MS = 50;

interface Figure {
  start: number;
  usedBytes: number;
  atMs: number;
  /** Bytes per millisecond. */
  growth: number;
}

/**
 * Which processes of a group rush: take memory of their own so fast that they are about to reach the limit. Files that a program
 * maps while it starts are not counted. A program whose limit is 1.3 times of what it needs never comes that near.
 */
export class Rush {
  readonly #figures = new Map<number, Figure>();

  /** @param leftBytes until the limit */
  rushes({ pid, start }: Process, usedBytes: number, leftBytes: number, limitBytes: number): boolean {
    const atMs = performance.now();
    const last = this.#figures.get(pid);
    const isSame = last?.start === start;
    if (!isSame || atMs >= last.atMs + LEAST_MS) {
      const growth = isSame ? (usedBytes - last.usedBytes) / (atMs - last.atMs) : 0;
      this.#figures.set(pid, { start, usedBytes, atMs, growth });
    }
    const growth = this.#figures.get(pid)?.growth ?? 0;
    return growth > FAST && leftBytes < limitBytes * LAST_PART && leftBytes < growth * SOON_MS;
  }

  /** Whether there is a figure to compare with. */
  knows({ pid, start }: Process): boolean {
    return this.#figures.get(pid)?.start === start;
  }

  /** Forgets all others. */
  keep(living: readonly Process[]): void {
    const pids = new Set(living.map(({ pid }) => pid));
    for (const pid of this.#figures.keys()) if (!pids.has(pid)) this.#figures.delete(pid);
  }
}
