import { readdirSync, readFileSync, statSync } from 'node:fs';
import { Cgroup } from '../../../../cgroup';
import { isLeaf } from '../../../../cgroup/names/own-names';
import { isWithin } from '../../../../common/text/names';
import { cageOf, type ListedCage, listCages } from '../../../../machine';
import { passingOver } from '../../cgroup-gone';

/**
 * The cgroups to show: those of cages and of the children in them, also those that are kept ready for the next child, all that have
 * processes, or those with the given paths, with what is in them if they are cages.
 */
export type Selection = 'cages' | 'spare too' | 'all' | readonly string[];

/** How many cgroups are open at once. Each takes an fd. */
const MOST_OPEN = 64;

/** The inventory of the machine, and the selected cgroups, opened in batches. */
export interface Selected {
  cages: readonly ListedCage[];
  batches: Generator<Cgroup[]>;
}

export function openSelected(selection: Selection): Selected {
  const cages = listCages();
  const isCage = ({ kind }: ListedCage): boolean => kind !== 'owner';
  return { cages, batches: inBatches(openEach(selection, cages.filter(isCage))) };
}

/** Collects opened cgroups into batches, and closes a batch when you ask for the next one. */
export function* inBatches(cgroups: Iterable<Cgroup>): Generator<Cgroup[]> {
  let batch: Cgroup[] = [];
  const close = (): void => {
    for (const cgroup of batch) cgroup.close();
    batch = [];
  };
  try {
    for (const cgroup of cgroups) {
      batch.push(cgroup);
      if (batch.length < MOST_OPEN) continue;
      yield batch;
      close();
    }
    if (batch.length > 0) yield batch;
  } finally {
    close();
  }
}

function* openEach(selection: Selection, cages: readonly ListedCage[]): Generator<Cgroup> {
  if (selection === 'all') {
    const inUse = new Set(cages.filter(({ processes }) => processes > 0).map(({ path }) => path));
    for (const root of Cgroup.roots()) {
      // Cgroups below the root come first: the consumer of the root may close it.
      yield* withProcesses(root.descendants(), inUse);
      yield* withProcesses([root], inUse);
    }
    return;
  }
  for (const path of pathsOf(selection, cages)) {
    const cgroup = passingOver(() => Cgroup.open(path));
    if (cgroup !== undefined) yield cgroup;
  }
}

function pathsOf(selection: Exclude<Selection, 'all'>, cages: readonly ListedCage[]): ReadonlySet<string> {
  const isShown = ({ spare }: ListedCage): boolean => selection === 'spare too' || !spare;
  const all = cages.filter(isShown).map(({ path }) => path);
  if (typeof selection === 'string') return new Set(all.flatMap(withLeaves));
  const inNamed = (named: string): string[] =>
    cageOf(named) === null ? [] : all.filter((path) => isWithin(path, named)).flatMap(withLeaves);
  return new Set(selection.flatMap((named) => [named, ...inNamed(named)]));
}

/** A cage and the cgroups of the children in it that have no cages of their own. */
function withLeaves(path: string): string[] {
  if (!hasCgroups(path)) return [path];
  try {
    const names = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [path, ...names.map(({ name }) => `${path}/${name}`).filter(isLeaf)];
  } catch {
    return [path];
  }
}

/** A directory has one link for each directory in it, besides its own two. */
export function hasCgroups(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.nlink ?? 0) > 2;
}

/** Keeps the cgroups that have processes of their own, not only in cgroups below, and cages in use. Closes the others. */
function* withProcesses(cgroups: Iterable<Cgroup>, inUse: ReadonlySet<string>): Generator<Cgroup> {
  for (const cgroup of cgroups) {
    if (inUse.has(cgroup.path) || hasProcesses(cgroup)) yield cgroup;
    else cgroup.close();
  }
}

function hasProcesses({ path }: Cgroup): boolean {
  try {
    return readFileSync(`${path}/cgroup.procs`, 'latin1') !== '';
  } catch {
    return false;
  }
}
