import type { KilledProcess, KillLog } from '../../../../cage/oom/kill-log';
import type { Note } from '../../../../cgroup/ends/note';

/** What is known of how processes ended. Times are of CLOCK_MONOTONIC. */
export interface Evidence {
  notes: readonly Note[];
  /** Undefined if it can't be read. */
  log: KillLog | undefined;
  /** Why nothing is noted now; undefined if it is. */
  trouble: string | undefined;
  nowUs: number;
}

/** How a process ended, as far as it is known; or that something was killed for memory in a cage. */
export interface End {
  /** Null of a cage. */
  pid: number | null;
  /** Null if it is not known. */
  name: string | null;
  timeUs: number;
  /** Whether memory ended it; null: not known. */
  memory: boolean | null;
  note: Note | undefined;
  kill: KilledProcess | undefined;
}

/** Notes of the same end, of the guardian and of the owner say, are no further apart. */
const SAME_US = 2_000_000;
const SLACK_US = 200_000;
/** How long a process may take to be gone once it was killed, and its end to be noted. */
const DYING_US = 10_000_000;
/** By how much the log's clock may differ from CLOCK_MONOTONIC, which is slewed to keep the time of day. */
const DRIFT = 1e-4;

/** All ends, newest first. */
export function allEnds({ notes, log, nowUs }: Evidence): End[] {
  const slackUs = SLACK_US + nowUs * DRIFT;
  const open = new Set(log?.kills ?? []);
  const noted = notes.map((note): End => {
    const { pid, name, endedUs: timeUs } = note;
    // The log is believed before a note: its owner does not know what is counted elsewhere, should somebody have moved the child.
    const kill = [...open].find((each) => isOf(each, note, slackUs));
    if (kill !== undefined) open.delete(kill);
    const isGuess = note.memory === true && note.by === null;
    // The log's clock is behind by no more than its last record is old.
    const behindUs = Math.min(slackUs, nowUs - (log?.lastUs ?? 0));
    const ofLog = kill !== undefined ? true : ruledOut(note, log, behindUs);
    const memory = kill !== undefined || isGuess ? (ofLog ?? note.memory) : (note.memory ?? ofLog);
    return { pid, name: name === '' ? (kill?.name ?? null) : name, timeUs, memory, note, kill };
  });
  const logged = [...open].map((kill): End => {
    const { pid, name, timeUs } = kill;
    return { pid, name, timeUs, memory: true, note: undefined, kill };
  });
  return once([...noted, ...logged].sort((a, b) => b.timeUs - a.timeUs));
}

/** A pid is used again: the process of a kill lived then. */
function isOf({ pid, timeUs }: KilledProcess, note: Note, slackUs: number): boolean {
  return pid === note.pid && timeUs >= killedAfter(note) - slackUs && timeUs <= note.endedUs + slackUs;
}

function killedAfter({ what, by, startedUs, endedUs }: Note): number {
  // Of an owner that a sweep has found it is not known when it died.
  if (what === 'owner' && by === 'sweep') return startedUs ?? 0;
  // A guardian is small, and its end is seen at once.
  return Math.max(startedUs ?? 0, endedUs - (what === 'guardian' ? SAME_US : DYING_US));
}

/** False: the log would have its kill. Null: it can't be read, or begins later; or memory was refused, which kills nobody. */
function ruledOut(note: Note, log: KillLog | undefined, behindUs: number): false | null {
  if (log === undefined || note.cause === 'refused') return null;
  return log.sinceUs === 0 || log.sinceUs <= killedAfter(note) - behindUs ? false : null;
}

/** Of several about the same end, the last one, with what the others know. */
function once(ends: readonly End[]): End[] {
  const kept: End[] = [];
  for (const end of ends) {
    const same = [...kept].reverse().find((other) => isSame(other, end));
    if (same === undefined) kept.push(end);
    else same.memory ??= end.memory;
  }
  return kept;
}

function isSame(later: End, { pid, timeUs, note }: End): boolean {
  if (later.pid !== pid) return false;
  if (pid === null) return later.note?.cgroup === note?.cgroup;
  // A sweep finds an owner at some time after its death.
  return later.timeUs - timeUs <= SAME_US || (later.note?.by === 'sweep' && timeUs >= killedAfter(later.note));
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
  // In a burst of kills the kernel leaves reports out: then it is not known what went for which limit.
  const { report } = kill ?? {};
  if (kill === undefined || report === undefined) return [];
  return (log?.kills ?? []).filter(
    (each) =>
      each.pid !== pid &&
      Math.abs(each.timeUs - kill.timeUs) <= SAME_US &&
      each.report?.limitCgroup === report.limitCgroup,
  );
}
