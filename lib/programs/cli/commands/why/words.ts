import { constants } from 'node:os';
import type { KilledProcess } from '../../../../cage/oom/kill-log';
import { printable } from '../../../../common/text/names';
import { formatSize } from '../../../../index';
import type { End, Evidence } from './ends';

const MOST_NAMED = 5;

/** For people. */
export function explain(end: End, others: readonly KilledProcess[], more: number, evidence: Evidence): string {
  const lines = [
    sentence(end, evidence),
    `It ${whenOf(end, evidence)}${cageOf(end)}.`,
    ...(others.length === 0 ? [] : [`Killed with it: ${namesOf(others)}.`]),
    ...(more === 0 ? [] : [`${more === 1 ? '1 other end' : `${more} other ends`} before that: --json lists all.`]),
  ];
  return `${lines.join('\n')}\n`;
}

function sentence(end: End, evidence: Evidence): string {
  const who = end.name === null ? `Process ${end.pid}` : `${printable(end.name)} (pid ${end.pid})`;
  if (end.memory === true) return `${who} was killed for memory: ${whoseLimit(end)}${ownBytes(end)}.`;
  if (end.memory === false) return `${who} was not killed for memory: ${howElse(end)}.`;
  return `It is not known whether memory ended ${who}: ${whyUnknown(evidence)}.`;
}

/** The limit, and the cgroup that has it; null if that is not known. */
export function limitOf({ note, kill }: End): { limitBytes: number | null; limitPath: string | null } {
  const limitBytes = note?.limitBytes ?? null;
  // A note without a cause is of somebody who knew the cage, but not whose limit it was.
  if (note !== undefined && note.cause !== null) return { limitBytes, limitPath: note.limitPath };
  const limitPath = kill?.report?.limitCgroup ?? null;
  return { limitBytes: limitPath !== null && limitPath === note?.cgroup ? limitBytes : null, limitPath };
}

function whoseLimit(end: End): string {
  const { limitBytes, limitPath } = limitOf(end);
  if (end.note?.cause === 'system' || end.kill?.report?.limitCgroup === null) return 'the machine had none left';
  if (limitPath === null && limitBytes === null) return 'whose limit it was is not told';
  const of = limitBytes === null ? '' : ` of ${formatSize(limitBytes)}`;
  return `the limit${of}${limitPath === null ? ' of its cage' : ` of ${printable(limitPath)}`}`;
}

function ownBytes({ kill }: End): string {
  return typeof kill?.anonBytes === 'number' ? `; it had ${formatSize(kill.anonBytes)} of its own` : '';
}

function howElse({ note, left }: End): string {
  if (left !== undefined) return "the kernel's log has no such kill";
  switch (note?.by) {
    case 'owner':
      return `process ${note.owner}, which had started it, killed it`;
    case 'timeout':
      return 'its timeout was over';
    case 'guardian':
      return `process ${note.owner} had died, and the guardian ended its cages`;
    case 'stall':
      return 'its cage stalled';
    case 'cpuTime':
      return 'its processor time was used up';
    default:
      return ofStatus(note?.signal ?? null, note?.exitCode ?? null);
  }
}

function ofStatus(signal: number | null, exitCode: number | null): string {
  if (exitCode !== null) return `it ended by itself, with exit code ${exitCode}`;
  if (signal === null || signal === 0) return "the kernel's counts and log have no such kill";
  return `${signalName(signal)} ended it${signal === constants.signals.SIGKILL ? ', which memcage has not sent' : ''}`;
}

export function signalName(signal: number): string {
  const [name] = Object.entries(constants.signals).find(([, number]) => number === signal) ?? [];
  return name ?? `signal ${signal}`;
}

/** And what to do. */
export function whyUnknown({ log, nowUs }: Evidence): string {
  if (log === undefined)
    return "only the kernel's log tells, and this process can't read it. Cure: run the same command as root, on the host if this is a container";
  const since = new Date(Date.now() - (nowUs - log.sinceUs) / 1000).toISOString();
  return `the kernel's log goes back to ${since} only, and no guardian has noted it. Cure: a larger log, as by log_buf_len=4M at boot`;
}

export function timeOf({ timeUs }: End, { nowUs }: Evidence): Date {
  return new Date(Date.now() - (nowUs - timeUs) / 1000);
}

function whenOf(end: End, evidence: Evidence): string {
  return end.left === undefined ? `ended at ${timeOf(end, evidence).toISOString()}` : 'has ended';
}

function cageOf({ note, kill, left }: End): string {
  const path = left?.path ?? note?.cgroup ?? kill?.report?.victimCgroup;
  if (path === undefined || path === null) return '';
  return left === undefined ? `, in ${printable(path)}` : `, and left ${printable(path)}`;
}

function namesOf(kills: readonly KilledProcess[]): string {
  const named = kills.slice(0, MOST_NAMED).map(({ name, pid }) => `${printable(name)} (pid ${pid})`);
  return `${named.join(', ')}${kills.length > MOST_NAMED ? ` and ${kills.length - MOST_NAMED} more` : ''}`;
}
