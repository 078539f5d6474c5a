import { COLUMNS } from './columns';
import type { Row } from './reader';

/** What each cgroup has used in the last samples, in percent of its limit. */
export class History {
  #percents = new Map<string, number[]>();

  /** Forgets those that are gone. */
  add(rows: readonly Row[]): void {
    this.#percents = new Map(
      rows.map(({ path, percent }) => [
        path,
        [...(this.#percents.get(path) ?? []), percent].slice(-COLUMNS.history.width),
      ]),
    );
  }

  /** A bar for each sample, the newest at the right. */
  sparkline(path: string, bars: readonly string[]): string {
    return (this.#percents.get(path) ?? [])
      .map((percent) => bars[Math.min(bars.length - 1, Math.floor((percent / 100) * bars.length))] ?? '')
      .join('')
      .padStart(COLUMNS.history.width);
  }
}
