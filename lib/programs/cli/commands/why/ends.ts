import type { KilledProcess, KillLog } from '../../../../cage/oom/kill-log';
import type { Note } from '../../../../cgroup/ends/note';

/** What is known of how processes ended. Times are of CLOCK_MONOTONIC. */
export interface Evidence {
  /** Newest first. */
  notes: readonly Note[];
  /** Undefined if it can't be read. */
  log: KillLog | undefined;
  /** Directories of dead owners that nobody has removed yet. */
  left: readonly LeftOwner[];
  nowUs: number;
}

/** A dead owner whose guardian is dead too. */
export interface LeftOwner {
  pid: number;
  path: string;
  /** When it surely lived; 0 if that is not known. */
  aliveUs: number;
}

/** How a process ended, as far as it is known. */
export interface End {
  pid: number;
  name: string | null;
  timeUs: number;
  /** Whether memory ended it; null: not known. */
  memory: boolean | null;
  note: Note | undefined;
  kill: KilledProcess | undefined;
  left: LeftOwner | undefined;
}

/** Notes of the same end, of the guardian and of the owner say, are no further apart. */
const SAME_US = 2_000_000;
const SLACK_US = 200_000;
/** How long a process may take to be gone once it was killed, and its end to be noted. */
const DYING_US = 10_000_000;
/** By how much the log's clock may differ from CLOCK_MONOTONIC, which is slewed to keep the time of day. */
const DRIFT = 1e-4;

/** All ends, newest first. */
export function allEnds({ notes, log, left, nowUs }: Evidence): End[] {
  const slackUs = SLACK_US + nowUs * DRIFT;
  const open = new Set(log?.kills ?? []);
  const noted = notes.flatMap((note): End[] => {
    const { pid, name, endedUs } = note;
    if (pid === null) return [];
    // The log is believed before a note: its owner does not know what is counted elsewhere, should somebody have moved the child.
    const kill = [...open].find((each) => isOf(each, note, slackUs));
    if (kill !== undefined) open.delete(kill);
    const memory = kill !== undefined ? true : (note.memory ?? hasAllSince(log, killedAfter(note), slackUs));
    return [{ pid, name, timeUs: endedUs, memory, note, kill, left: undefined }];
  });
  const ofDead = left.map((owner): End => {
    const { pid, aliveUs } = owner;
    const memory = hasAllSince(log, aliveUs, slackUs);
    return { pid, name: null, timeUs: aliveUs, memory, note: undefined, kill: undefined, left: owner };
  });
  const logged = [...open].map((kill): End => {
    const { pid, name, timeUs } = kill;
    return { pid, name, timeUs, memory: true, note: undefined, kill, left: undefined };
  });
  return once([...noted, ...logged, ...ofDead].sort((a, b) => b.timeUs - a.timeUs));
}

/** A pid is used again: the process of a kill lived then. */
function isOf({ pid, timeUs }: KilledProcess, note: Note, slackUs: number): boolean {
  return pid === note.pid && timeUs >= killedAfter(note) - slackUs && timeUs <= note.endedUs + slackUs;
}

function killedAfter({ startedUs, endedUs }: Note): number {
  return Math.max(startedUs ?? 0, endedUs - DYING_US);
}

/** False: the log would have its kill. Null: it can't be read, or begins later. */
function hasAllSince(log: KillLog | undefined, timeUs: number, slackUs: number): false | null {
  return log !== undefined && (log.sinceUs === 0 || log.sinceUs <= timeUs - slackUs) ? false : null;
}

/** Of several about the same end, the last one, with what the others know. */
function once(ends: readonly End[]): End[] {
  const kept: End[] = [];
  for (const end of ends) {
    // What a dead owner has left was made before it ended.
    const isSame = ({ pid, timeUs }: End): boolean =>
      pid === end.pid && (timeUs - end.timeUs <= SAME_US || end.left !== undefined);
    const same = [...kept].reverse().find(isSame);
    if (same === undefined) kept.push(end);
    else same.memory ??= end.memory;
  }
  return kept;
}

/** Those of a process by its pid, or by its name or that of its cage. */
export function endsOf(ends: readonly End[], what: string): End[] {
  if (/^\d+$/.test(what)) return ends.filter(({ pid }) => pid === Number(what));
  return ends.filter(({ name, note, kill }) => {
    const cgroup = note?.cgroup ?? kill?.report?.victimCgroup ?? '';
    return name === what || cgroup === what || cgroup.split('/').includes(what);
  });
}

/** What else was killed with it, for the same limit. */
export function killedWith({ pid, kill }: End, log: KillLog | undefined): KilledProcess[] {
  if (kill === undefined) return [];
  return (log?.kills ?? []).filter(
    (each) =>
      each.pid !== pid &&
      Math.abs(each.timeUs - kill.timeUs) <= SAME_US &&
      each.report?.limitCgroup === kill.report?.limitCgroup,
  );
}
