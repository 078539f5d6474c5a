import { host, openDirectory } from '../../cgroup/hierarchy/host';
import { isWithin } from '../../common/text/names';
import type { OomFacts } from '../../common/text/oom-words';
import { isLogBehind, KernelLog, visiblePath } from './kernel-log';
import type { LoggedKill } from './kill-records';
import { killingLimit, limitOfAncestorAt, nowhere } from './killing-limit';

/** A kill in a cgroup that is watched from outside. */
export interface WitnessedKill {
  facts: OomFacts;
  /** What the victim had in memory of its own; null if the kernel does not tell. */
  anonBytes: number | null;
}

/** Reads in the kernel's log who was killed in a cgroup or below it. */
export interface KillWitness {
  /**
   * Those of whom it has not told yet. May block for some milliseconds.
   *
   * @param count how many the kernel has counted
   */
  news(count: number): WitnessedKill[];
  close(): void;
}

const PAUSE_MS = 5;
const MOST_PAUSES = 20;

/** Undefined if this process can't read the log, or sees other pids and cgroups. */
export function witnessKills(path: string): KillWitness | undefined {
  const log = KernelLog.open();
  if (log === undefined) return undefined;
  const told = new Set(killsIn(log, path));
  return {
    news(count) {
      const fresh = (): LoggedKill[] => killsIn(log, path).filter((kill) => !told.has(kill));
      let kills = fresh();
      // The kernel counts a kill before it has written all of it.
      for (let pauses = 0; pauses < MOST_PAUSES && !isWhole(kills, count); pauses += 1) {
        pause();
        kills = fresh();
      }
      for (const kill of kills) told.add(kill);
      return kills.map((kill) => ({ facts: factsOf(kill, path), anonBytes: kill.anonBytes ?? null }));
    },
    close: () => log.close(),
  };
}

function isWhole(kills: readonly LoggedKill[], count: number): boolean {
  return kills.length >= count && kills.every(({ anonBytes }) => anonBytes !== undefined);
}

function killsIn(log: KernelLog, path: string): LoggedKill[] {
  for (;;) {
    try {
      return log.killsIn(path).kills;
    } catch (error) {
      if (!isLogBehind(error)) throw error;
    }
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
}

function factsOf({ victim, limitCgroup }: LoggedKill, path: string): OomFacts {
  return { kills: 1, victims: [victim], ...limitOf(limitCgroup, path) };
}

function limitOf(cgroup: string | null, path: string): Pick<OomFacts, 'cause' | 'limitBytes' | 'path'> {
  if (cgroup === null) return nowhere('system');
  const machine = host();
  const visible = visiblePath(cgroup, machine);
  if (visible === undefined) return nowhere('unknown');
  if (!isWithin(visible, path)) return limitOfAncestorAt(visible, machine.version);
  const cause = visible === path ? 'limit' : 'descendant';
  try {
    const directory = openDirectory(visible);
    try {
      return killingLimit(cause, directory, machine.version);
    } finally {
      directory.close();
    }
  } catch {
    return { cause, limitBytes: null, path: visible };
  }
}
