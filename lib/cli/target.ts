import { Cgroup } from '../cgroup/cgroup';

/** The cgroup that a word of the command line means: a path, the pid of a process in it, or what `Cgroup.find` takes. */
export function findTarget(word: string | undefined): Cgroup {
  if (word === undefined) return Cgroup.self();
  if (word.startsWith('/')) return Cgroup.open(word);
  return /^\d{1,10}$/.test(word) ? Cgroup.of(Number(word)) : Cgroup.find(word);
}
