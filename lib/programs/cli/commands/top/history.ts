import { COLUMNS } from './columns';
import type { Row } from './reader';

/** The usage of each cgroup in the last samples, in percent of its limit. */
export class History {
  #percents = new Map<string, number[]>();

  /** Adds a sample. Forgets cgroups that are not in it. */
  add(rows: readonly Row[]): void {
    this.#percents = new Map(
      rows.map(({ path, percent }) => [
        path,
        [...(this.#percents.get(path) ?? []), percent].slice(-COLUMNS.history.width),
      ]),
    );
  }

  /** A bar for each sample, the newest on the right. */
  sparkline(path: string, bars: readonly string[]): string {
    return (this.#percents.get(path) ?? [])
      .map((percent) => bars[Math.min(bars.length - 1, Math.floor((percent / 100) * bars.length))] ?? '')
      .join('')
      .padStart(COLUMNS.history.width);
  }
}
