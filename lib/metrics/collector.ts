import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type Cage, type Cgroup, MemcageError, openCages, readMany } from '../index.js';
import { countsOf, type Facts, FIELDS, type Gauges, gaugesOf, together } from './figures.js';
import { Ledger, type Totals } from './ledger.js';

const CAGE_CLOSED = 'memcage.cage.close';

export interface CollectorOptions<L> {
  /** Undefined: the cages of this thread. */
  cgroups: (() => Iterable<Cgroup>) | undefined;
  /** Undefined for one that is to be left out. */
  labels: (cgroup: Cgroup) => L | undefined;
  /** Labels are given up with the last cgroup that has them; else the counts go on when there is one again. */
  labelsEnd: boolean;
}

/** All that have the same labels. Without gauges when there is none at the moment. */
export interface Row<L> {
  labels: L;
  gauges: Partial<Gauges>;
  counts: Totals;
}

/** Of the cages of this thread since the collector was made. */
export interface CageTotals {
  open: number;
  closed: number;
  oomKills: number;
}

export interface Collected<L> {
  rows: Row<L>[];
  /** Labels of those that had gauges the last time, and have none now. */
  ended: L[];
  /** Undefined when other cgroups are collected. */
  cages: CageTotals | undefined;
}

/** Reads cgroups when it is asked to, and keeps their counts monotonic. It has no timer, and holds no fd. */
export class Collector<L extends object> {
  readonly #options: CollectorOptions<L>;
  readonly #ledger = new Ledger();
  readonly #labels = new Map<string, L>();
  /** Those that had gauges the last time. */
  #live: ReadonlyMap<string, L> = new Map();
  /** Of cgroups that have been seen. */
  readonly #keys = new Map<string, string>();
  readonly #onClosed = (message: unknown): void => this.#closed((message as { cage: Cage }).cage);
  readonly #killsBefore = new WeakMap<Cage, number>();
  #closedCages = 0;
  #killsInClosed = 0;

  constructor(options: CollectorOptions<L>) {
    this.#options = options;
    for (const cage of openCages()) this.#killsBefore.set(cage, cage.oomKills);
    subscribe(CAGE_CLOSED, this.#onClosed);
  }

  collect(): Collected<L> {
    const cages = new Map(openCages().map((cage) => [cage.cgroup.path, cage]));
    const cgroups = [...(this.#options.cgroups?.() ?? Array.from(cages.values(), ({ cgroup }) => cgroup))];
    const gauges = new Map<string, Gauges[]>();
    const paths = new Set<string>();
    for (const [index, reading] of readMany(cgroups, { fields: FIELDS }).entries()) {
      const cgroup = cgroups[index] as Cgroup;
      const cage = cages.get(cgroup.path);
      const facts = factsOf(cgroup, reading, cage);
      const key = facts && !paths.has(cgroup.path) ? this.#keyOf(cgroup) : undefined;
      if (facts === undefined || key === undefined || this.#isCountedAbove(cage, key)) continue;
      paths.add(cgroup.path);
      this.#ledger.add(key, cgroup.path, countsOf(facts));
      gauges.set(key, [...(gauges.get(key) ?? []), gaugesOf(facts)]);
    }
    const ended = this.#endedBut(gauges);
    this.#forgetAllBut(paths, gauges);
    const totals = this.#options.cgroups === undefined ? this.#totals(cages) : undefined;
    return { rows: this.#rows(gauges), ended, cages: totals };
  }

  stop(): void {
    unsubscribe(CAGE_CLOSED, this.#onClosed);
  }

  /** What it has counted since it was last looked at, maybe never, would be lost. */
  #closed(cage: Cage): void {
    this.#closedCages += 1;
    this.#killsInClosed += this.#killsOf(cage);
    if (this.#options.labelsEnd) return;
    const { path } = cage.cgroup;
    const key = this.#options.cgroups === undefined ? this.#keyOf(cage.cgroup) : this.#keys.get(path);
    if (key !== undefined && !this.#isCountedAbove(cage, key)) {
      this.#ledger.addLast(key, path, 'oomKills', cage.oomKills);
    }
    this.#keys.delete(path);
  }

  /** Since the collector was made. What happens in a cage within another one is counted by that one too. */
  #killsOf(cage: Cage): number {
    return cage.outer === undefined ? cage.oomKills - (this.#killsBefore.get(cage) ?? 0) : 0;
  }

  /** Whether a cage that it is in has the same labels: that has all of it in its own figures. */
  #isCountedAbove(cage: Cage | undefined, key: string): boolean {
    for (let outer = cage?.outer; outer !== undefined; outer = outer.outer) {
      if (this.#keyOf(outer.cgroup) === key) return true;
    }
    return false;
  }

  #keyOf(cgroup: Cgroup): string | undefined {
    const labels = this.#options.labels(cgroup);
    if (labels === undefined) return undefined;
    const key = JSON.stringify(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)));
    this.#labels.set(key, labels);
    this.#keys.set(cgroup.path, key);
    return key;
  }

  #endedBut(gauges: ReadonlyMap<string, unknown>): L[] {
    const ended = Array.from(this.#live).filter(([key]) => !gauges.has(key));
    this.#live = new Map(Array.from(gauges.keys(), (key) => [key, this.#labels.get(key) as L]));
    return ended.map(([, labels]) => labels);
  }

  #forgetAllBut(paths: ReadonlySet<string>, gauges: ReadonlyMap<string, unknown>): void {
    this.#ledger.keep(paths);
    for (const path of this.#keys.keys()) if (!paths.has(path)) this.#keys.delete(path);
    if (!this.#options.labelsEnd) return;
    for (const key of this.#labels.keys()) {
      if (gauges.has(key)) continue;
      this.#labels.delete(key);
      this.#ledger.drop(key);
    }
  }

  #rows(gauges: ReadonlyMap<string, readonly Gauges[]>): Row<L>[] {
    return Array.from(this.#labels, ([key, labels]) => {
      const all = gauges.get(key);
      return { labels, gauges: all === undefined ? {} : together(all), counts: { ...this.#ledger.total(key) } };
    });
  }

  #totals(cages: ReadonlyMap<string, Cage>): CageTotals {
    let oomKills = this.#killsInClosed;
    for (const cage of cages.values()) oomKills += this.#killsOf(cage);
    return { open: cages.size, closed: this.#closedCages, oomKills };
  }
}

/** Undefined: it can't be read, most likely because it is gone. */
function factsOf(
  cgroup: Cgroup,
  reading: ReturnType<typeof readMany>[number],
  cage: Cage | undefined,
): Facts | undefined {
  if (reading instanceof MemcageError) return undefined;
  try {
    // v1 counts the kills of each cgroup alone; a cage adds up those of its children.
    const oomKills = Math.max(reading.events.oomKill, cage?.oomKills ?? 0);
    return { ...reading, oomKills, processes: cgroup.procs().length, ...faultsOf(cgroup) };
  } catch (error) {
    if (error instanceof MemcageError) return undefined;
    throw error;
  }
}

function faultsOf(cgroup: Cgroup): Pick<Facts, 'pageFaults' | 'majorFaults'> {
  // Not stat(), which lets the file stay open.
  const stat = cgroup.get('memory.stat');
  const below = cgroup.version === 1 ? 'total_' : '';
  return { pageFaults: stat[`${below}pgfault`] ?? 0, majorFaults: stat[`${below}pgmajfault`] ?? 0 };
}
