import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readMany } from '../../cgroup';
import { type Cage, type Cgroup, MemcageError } from '../../index';
import { openCages } from '../../machine';
import { countsOf, type Facts, FIELDS, type Gauges, gaugesOf, together } from './figures';
import { Ledger, type Totals } from './ledger';

/** Whatever holds it. */
type AnyCage = Cage<Cgroup | null>;

const CAGE_CLOSED = 'memcage.cage.close';

export interface CollectorOptions<L> {
  /** The cgroups to read. Undefined: those of this thread's open cages. */
  cgroups: (() => Iterable<Cgroup>) | undefined;
  /** The labels of a cgroup; undefined leaves it out. */
  labels: (cgroup: Cgroup) => L | undefined;
  /** true: forget labels with the last cgroup that has them. false: their counts go on when a cgroup has them again. */
  labelsEnd: boolean;
}

/** The figures of all cgroups with the same labels. Without gauges if there is no such cgroup now. */
export interface FigureRow<L> {
  labels: L;
  gauges: Partial<Gauges>;
  counts: Totals;
}

/** Counts of this thread's cages: those that are open now, and what happened since the collector was made. */
export interface CageTotals {
  open: number;
  closed: number;
  oomKills: number;
}

export interface CollectedFigures<L> {
  rows: FigureRow<L>[];
  /** Labels that had gauges the last time, and have none now. */
  ended: L[];
  /** Undefined if the caller named the cgroups. */
  cages: CageTotals | undefined;
}

/** Reads cgroups at each `collect()`, and keeps their counts monotonic. Has no timer, and holds no fd. */
export class Collector<L extends object> {
  readonly #options: CollectorOptions<L>;
  readonly #ledger = new Ledger();
  readonly #labels = new Map<string, L>();
  /** Labels that had gauges the last time, by key. */
  #live: ReadonlyMap<string, L> = new Map();
  /** The keys of the cgroups' labels, by path. */
  readonly #keys = new Map<string, string>();
  readonly #onClosed = (message: unknown): void => this.#closed((message as { cage: AnyCage }).cage);
  readonly #killsBefore = new WeakMap<AnyCage, number>();
  #closedCages = 0;
  #killsInClosed = 0;

  constructor(options: CollectorOptions<L>) {
    this.#options = options;
    for (const cage of openCages()) this.#killsBefore.set(cage, cage.oomKills);
    subscribe(CAGE_CLOSED, this.#onClosed);
  }

  collect(): CollectedFigures<L> {
    const open = openCages();
    const cages = new Map(open.filter(hasCgroup).map((cage) => [cage.cgroup.path, cage]));
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
    const totals = this.#options.cgroups === undefined ? this.#totals(open) : undefined;
    return { rows: this.#rows(gauges), ended, cages: totals };
  }

  stop(): void {
    unsubscribe(CAGE_CLOSED, this.#onClosed);
  }

  /** Adds the cage's kills since the last `collect()`, which may never have seen it. They would be lost otherwise. */
  #closed(cage: AnyCage): void {
    this.#closedCages += 1;
    this.#killsInClosed += this.#killsOf(cage);
    if (this.#options.labelsEnd || !hasCgroup(cage)) return;
    const { path } = cage.cgroup;
    const key = this.#options.cgroups === undefined ? this.#keyOf(cage.cgroup) : this.#keys.get(path);
    if (key !== undefined && !this.#isCountedAbove(cage, key)) {
      this.#ledger.addLast(key, path, 'oomKills', cage.oomKills);
    }
    this.#keys.delete(path);
  }

  /** The cage's kills since the collector was made. 0 for a cage within another, whose count includes them. */
  #killsOf(cage: AnyCage): number {
    return cage.outer === null ? cage.oomKills - (this.#killsBefore.get(cage) ?? 0) : 0;
  }

  /** Whether a cage around it has the same labels. The figures of that cage include its own. */
  #isCountedAbove(cage: Cage | undefined, key: string): boolean {
    for (let outer = cage?.outer ?? null; outer !== null; outer = outer.outer) {
      if (outer.cgroup !== null && this.#keyOf(outer.cgroup) === key) return true;
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

  #rows(gauges: ReadonlyMap<string, readonly Gauges[]>): FigureRow<L>[] {
    return Array.from(this.#labels, ([key, labels]) => {
      const all = gauges.get(key);
      return { labels, gauges: all === undefined ? {} : together(all), counts: { ...this.#ledger.total(key) } };
    });
  }

  #totals(open: readonly AnyCage[]): CageTotals {
    let oomKills = this.#killsInClosed;
    for (const cage of open) oomKills += this.#killsOf(cage);
    return { open: open.length, closed: this.#closedCages, oomKills };
  }
}

/** Whether it can have a row: a cage that the kernel does not hold has only its kills, which the totals include. */
function hasCgroup(cage: AnyCage): cage is Cage {
  return cage.cgroup !== null;
}

/** Undefined if the cgroup can't be read, most likely because it is gone. */
function factsOf(
  cgroup: Cgroup,
  reading: ReturnType<typeof readMany>[number],
  cage: Cage | undefined,
): Facts | undefined {
  if (reading instanceof MemcageError) return undefined;
  try {
    // v1 counts the kills of each cgroup without those below it; a cage adds up those of its children.
    const oomKills = Math.max(reading.events.oomKill, cage?.oomKills ?? 0);
    return { ...reading, oomKills, processes: cgroup.pids().length, ...faultsOf(cgroup) };
  } catch (error) {
    if (error instanceof MemcageError) return undefined;
    throw error;
  }
}

function faultsOf(cgroup: Cgroup): Pick<Facts, 'pageFaults' | 'majorFaults'> {
  // Not stat(), which keeps the file open.
  const stat = cgroup.get('memory.stat');
  const below = cgroup.version === 1 ? 'total_' : '';
  return { pageFaults: stat[`${below}pgfault`] ?? 0, majorFaults: stat[`${below}pgmajfault`] ?? 0 };
}
