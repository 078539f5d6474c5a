import { Cgroup } from '../cgroup/cgroup';
import type { Operands } from './command';

/** As `synopsis` has what {@link findTarget} takes. */
export const TARGET = 'CGROUP|PID|CONTAINER';

/** For commands about one cgroup. */
export const oneTarget = (least: 0 | 1): Operands => ({
  name: 'cgroup',
  least,
  most: 1,
  suggest: 'cgroup',
});

/** The cgroup that a word of the command line means: a path, the pid of a process in it, or what `Cgroup.find` takes. */
export function findTarget(word: string | undefined): Cgroup {
  if (word === undefined) return Cgroup.self();
  if (word.startsWith('/')) return Cgroup.open(word);
  return /^\d{1,10}$/.test(word) ? Cgroup.of(Number(word)) : Cgroup.find(word);
}
