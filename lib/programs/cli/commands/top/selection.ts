import { readFileSync } from 'node:fs';
import { Cgroup } from '../../../../cgroup';
import { listCages } from '../../../../machine';
import { passingOver } from '../../cgroup-gone';

/** The cgroups to show: those of cages, all that have processes, or those with the given paths. */
export type Selection = 'cages' | 'all' | readonly string[];

/** How many cgroups are open at once. Each takes an fd. */
const MOST_OPEN = 64;

/** Opens the selected cgroups in batches. */
export function openSelected(selection: Selection): Generator<Cgroup[]> {
  return inBatches(openEach(selection));
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

function* openEach(selection: Selection): Generator<Cgroup> {
  if (selection === 'all') {
    for (const root of Cgroup.roots()) {
      // Cgroups below the root come first: the consumer of the root may close it.
      yield* withProcesses(root.descendants());
      yield* withProcesses([root]);
    }
    return;
  }
  for (const path of selection === 'cages' ? cagePaths() : selection) {
    const cgroup = passingOver(() => Cgroup.open(path));
    if (cgroup !== undefined) yield cgroup;
  }
}

function cagePaths(): string[] {
  return listCages().flatMap(({ path, kind, spare }) => (kind === 'owner' || spare ? [] : [path]));
}

/** Keeps the cgroups that have processes of their own, not only in cgroups below. Closes the others. */
function* withProcesses(cgroups: Iterable<Cgroup>): Generator<Cgroup> {
  for (const cgroup of cgroups) {
    if (hasProcesses(cgroup)) yield cgroup;
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
