import type { OomVictim } from '../../types/outcome';
import type { CgroupDirectory } from '../cgroup/directory/directory';
import { KernelLog } from './kernel-log';
import type { LoggedKill } from './kill-records';

/** undefined: not looked for yet; null: it can't be read. */
let log: KernelLog | undefined | null;

/**
 * What the kernel has logged of the kills in a cgroup of ours and those below it. All of them are there of as many kills of the
 * machine, up to the last, as `complete` says.
 */
export function killsOf({ path }: Pick<CgroupDirectory, 'path'>): {
  kills: readonly LoggedKill[];
  victims: OomVictim[] | null;
  complete: number;
} {
  // Not before the first kill: it is an fd, and the log may be long.
  if (log === undefined) log = KernelLog.open() ?? null;
  const { kills, complete } = log?.killsIn(path) ?? { kills: [], complete: 0 };
  return { kills, victims: kills.length === 0 ? null : kills.map(({ victim }) => victim), complete };
}

/** At the end of the environment. */
export function closeKillLog(): void {
  log?.close();
  log = undefined;
}
