import type { Counts } from './figures';

type Count = keyof Counts;

/** The counts of all cgroups that have, or had, the same labels. */
export interface Totals extends Counts {
  minorFaults: number;
}

/** The counts of one label set. */
interface Account {
  /** What each cgroup had counted when it was last seen, by its path. */
  seen: Map<string, Counts>;
  total: Totals;
}

/** Adds up the counts of many cgroups. The sums only grow, even if a cgroup ends or the kernel counts from 0 again. */
export class Ledger {
  readonly #accounts = new Map<string, Account>();

  /** Adds what a cgroup has counted since it was last seen. */
  add(key: string, path: string, counts: Counts): void {
    const { seen, total } = this.#account(key);
    const before = seen.get(path);
    for (const [name, count] of Object.entries(counts) as [Count, number][]) {
      const last = before?.[name] ?? 0;
      total[name] = (total[name] ?? 0) + (count >= last ? count - last : count);
    }
    seen.set(path, counts);
    // The kernel counts a major fault when it begins, but adds it to all faults when it is over. The difference may
    // shrink.
    total.minorFaults = Math.max(total.minorFaults, total.pageFaults - total.majorFaults);
  }

  /** Adds a cgroup's final count of one kind. The others stay as they were last seen. */
  addLast(key: string, path: string, name: Count, count: number): void {
    const { seen, total } = this.#account(key);
    total[name] = (total[name] ?? 0) + Math.max(0, count - (seen.get(path)?.[name] ?? 0));
    seen.delete(path);
  }

  /** Forgets all other cgroups. A new one of the same name starts at 0. */
  keep(paths: ReadonlySet<string>): void {
    for (const { seen } of this.#accounts.values()) {
      for (const path of seen.keys()) if (!paths.has(path)) seen.delete(path);
    }
  }

  /** Forgets all counts of these labels. */
  drop(key: string): void {
    this.#accounts.delete(key);
  }

  total(key: string): Totals {
    return this.#account(key).total;
  }

  #account(key: string): Account {
    let account = this.#accounts.get(key);
    if (account === undefined) {
      const total = { oomKills: 0, limitHits: 0, pageFaults: 0, majorFaults: 0, minorFaults: 0 };
      account = { seen: new Map(), total };
      this.#accounts.set(key, account);
    }
    return account;
  }
}
