import type { OomVictim } from '../../../types/outcome';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { KernelLog } from './kernel-log';
import type { LoggedKill } from './kill-records';

/** undefined: not opened yet; null: it can't be read. */
let log: KernelLog | undefined | null;

/**
 * What the kernel logged of the kills in a cage cgroup and those below it. The log has all of the machine's last
 * `complete` kills.
 */
export function killsOf({ path }: Pick<CgroupDirectory, 'path'>): {
  kills: readonly LoggedKill[];
  victims: OomVictim[] | null;
  complete: number;
} {
  // Not opened before the first kill: it takes an fd, and the log may be long.
  if (log === undefined) log = KernelLog.open() ?? null;
  const { kills, complete } = log?.killsIn(path) ?? { kills: [], complete: 0 };
  return { kills, victims: kills.length === 0 ? null : kills.map(({ victim }) => victim), complete };
}

/** For the end of the environment. */
export function closeKillLog(): void {
  log?.close();
  log = undefined;
}
