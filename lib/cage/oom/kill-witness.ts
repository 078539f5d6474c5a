import { host, openDirectory } from '../../cgroup/hierarchy/host';
import { pauseSync } from '../../common/event-loop/timers';
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
export interface KillWitness extends Disposable {
  /**
   * The oldest of whom it has not told yet: fewer than `count` if the log does not have them, as in a burst, where the
   * kernel leaves reports out. May block for some milliseconds.
   *
   * @param count how many the kernel has counted. What the log has besides is for the next call
   */
  news(count: number): WitnessedKill[];
}

const PAUSE_MS = 5;
const MOST_PAUSES = 20;

/** Undefined if this process can't read the log, or sees other pids and cgroups. */
export function witnessKills(path: string): KillWitness | undefined {
  const log = KernelLog.open();
  return log && witnessIn(log, path);
}

/** {@link witnessKills} in a log that is open, and that it closes. */
export function witnessIn(log: Pick<KernelLog, 'killsIn' | 'close'>, path: string): KillWitness {
  const told = new Set(killsIn(log, path));
  return {
    news(count) {
      const fresh = (): LoggedKill[] =>
        killsIn(log, path)
          .filter((kill) => !told.has(kill))
          .slice(0, count);
      let kills = fresh();
      // The kernel counts a kill before it has written all of it.
      for (let pauses = 0; pauses < MOST_PAUSES && !isWhole(kills, count); pauses += 1) {
        pauseSync(PAUSE_MS);
        kills = fresh();
      }
      for (const kill of kills) told.add(kill);
      return kills.map((kill) => ({ facts: factsOf(kill, path), anonBytes: kill.anonBytes ?? null }));
    },
    [Symbol.dispose]: () => log.close(),
  };
}

function isWhole(kills: readonly LoggedKill[], count: number): boolean {
  return kills.length >= count && kills.every(({ anonBytes }) => anonBytes !== undefined);
}

function killsIn(log: Pick<KernelLog, 'killsIn'>, path: string): LoggedKill[] {
  for (;;) {
    try {
      return log.killsIn(path).kills;
    } catch (error) {
      if (!isLogBehind(error)) throw error;
    }
  }
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
