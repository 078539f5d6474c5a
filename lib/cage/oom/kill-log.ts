import { host } from '../../cgroup/hierarchy/host';
import { pauseSync } from '../../common/event-loop/timers';
import { isInitial, isLogBehind, KernelLog, visiblePath } from './kernel-log';
import type { Death, LoggedKill } from './kill-records';

/** A process that the kernel has killed for memory. */
export interface KilledProcess {
  pid: number;
  name: string;
  /** About CLOCK_MONOTONIC. */
  timeUs: number;
  /** What it had in memory of its own; null if the log does not tell yet. */
  anonBytes: number | null;
  /** The cgroups, as they can be seen from here if they can, else as the kernel names them; undefined if the kernel has left out its report, as in a burst of kills. */
  report: Pick<LoggedKill, 'victimCgroup' | 'limitCgroup' | 'limitBytes'> | undefined;
}

/** All kills for memory that the kernel's log has, oldest first. */
export interface KillLog {
  kills: KilledProcess[];
  /** From when on it has all; 0: since the machine has started. */
  sinceUs: number;
  /** When its last record was written. */
  lastUs: number;
}

/** Undefined if this process can't read the log, or sees other pids than the kernel logs. */
export function readKillLog(): KillLog | undefined {
  const log = KernelLog.open(['pid']);
  if (log === undefined) return undefined;
  try {
    const { kills, deaths, sinceUs, lastUs } = allOf(log);
    return { kills: joined(kills, deaths).map(isInitial('cgroup') ? asSeen : (kill) => kill), sinceUs, lastUs };
  } finally {
    log.close();
  }
}

function asSeen({ report, ...kill }: KilledProcess): KilledProcess {
  if (report === undefined) return { ...kill, report };
  const { victimCgroup, limitCgroup, limitBytes } = report;
  const seen = (cgroup: string): string => visiblePath(cgroup, host()) ?? cgroup;
  return {
    ...kill,
    report: { victimCgroup: seen(victimCgroup), limitCgroup: limitCgroup && seen(limitCgroup), limitBytes },
  };
}

function allOf(log: KernelLog): ReturnType<KernelLog['all']> {
  for (;;) {
    try {
      return log.all();
    } catch (error) {
      if (!isLogBehind(error)) throw error;
      pauseSync(0);
    }
  }
}

/** The kernel writes a report, then the line of the death. The last kill may have no such line yet. */
export function joined(kills: readonly LoggedKill[], deaths: readonly Death[]): KilledProcess[] {
  const open = [...kills];
  const ofDeaths = deaths.map(({ victim, timeUs, anonBytes }) => {
    const index = open.map((kill) => kill.victim.pid === victim.pid && kill.timeUs <= timeUs).lastIndexOf(true);
    const [kill] = index === -1 ? [] : open.splice(index, 1);
    return { ...victim, timeUs, anonBytes, report: kill };
  });
  // A report whose pid died twice is of the last death; what is left has died just now.
  const left = open.filter(({ anonBytes }) => anonBytes === undefined);
  return [...ofDeaths, ...left.map((kill) => ({ ...kill.victim, timeUs: kill.timeUs, anonBytes: null, report: kill }))];
}
