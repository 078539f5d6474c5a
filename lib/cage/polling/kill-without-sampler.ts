import { pauseSync } from '../../common/event-loop/timers';
import { readPageSize } from '../../common/machine/proc';
import { type FdReserve, isFdShortage } from './fd-reserve';
import { signal } from './sampling/killing';
import { GroupMembers } from './sampling/members';
import { ProcTable } from './sampling/proc-table';
import { PsTable } from './sampling/ps-table';

/** What the thread that has opened a group knows of it. */
export interface KnownGroup {
  marker: string;
  openedAt: number;
  /** Starts by pid of what was added; NaN where they are not known. */
  added: ReadonlyMap<number, number>;
}

/**
 * Kills a group without the sampler, which has failed or does not answer: what was added and lives, all below that, and
 * what has the marker. Blocks. Returns whether nothing of it was found any more.
 */
export function killHere(known: KnownGroup, timeoutMs: number, reserve: FdReserve): boolean {
  // Without /proc it can't be known whether a pid still is who was added.
  if (process.platform !== 'linux') return false;
  try {
    return kill(known, timeoutMs);
  } catch (error) {
    if (!isFdShortage(error)) throw error;
  }
  if (!reserve.lend()) return false;
  try {
    return kill(known, timeoutMs);
  } catch (error) {
    if (!isFdShortage(error)) throw error;
    return false;
  } finally {
    reserve.refill();
  }
}

function kill({ marker, openedAt, added }: KnownGroup, timeoutMs: number): boolean {
  const table = new ProcTable(readPageSize());
  const members = new GroupMembers({ marker, openedAt, startTolerance: table.startTolerance, self: process.pid });
  for (const [pid, start] of added) if (!Number.isNaN(start)) members.add(pid, start);
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const look = table.look(true);
    members.judge(look);
    const living = members.living(look);
    if (living.length === 0) return true;
    for (const process of living) signal(process, 'SIGSTOP', look, table.startTolerance, undefined);
    const again = table.look(true);
    members.judge(again);
    for (const process of members.living(again)) signal(process, 'SIGKILL', again, table.startTolerance, undefined);
    // There is an end to it, since this user may not kill all of them, and others start new ones.
    if (performance.now() >= endMs) return false;
    pauseSync(2);
  }
}

/**
 * Kills a group without the sampler where `ps` must be asked, which takes its time: each process that was added and is a
 * child of this process, and all below.
 */
export async function killByPs(added: Iterable<number>): Promise<void> {
  const table = new PsTable();
  const look = await table.look(true, [...added]);
  const members = new GroupMembers({
    marker: '',
    openedAt: 0,
    startTolerance: table.startTolerance,
    self: process.pid,
  });
  for (const pid of added) {
    const found = look.find(pid);
    // Any other process has got the pid of one that has ended.
    if (found?.ppid === process.pid) members.add(pid, found.start);
  }
  members.judge(look);
  for (const each of members.living(look)) signal(each, 'SIGKILL', look, table.startTolerance, undefined);
}
