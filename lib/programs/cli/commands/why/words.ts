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
  if (end.note?.what === 'cage') return ofCage(end, end.note.kills ?? 0);
  const who = end.name === null ? `Process ${end.pid}` : `${printable(end.name)} (pid ${end.pid})`;
  if (end.memory === true) return `${who} was killed for memory: ${whoseLimit(end)}${ownBytes(end)}.`;
  if (end.memory === false) return `${who} was not killed for memory: ${howElse(end)}.`;
  const kills = end.note?.kills ?? 0;
  const hint = kills > 0 ? ` In its cage, ${killed(kills)} for memory: ${whoseLimit(end)}.` : '';
  return `It is not known whether memory ended ${who}: ${whyUnknown(end, evidence)}.${hint}`;
}

function ofCage(end: End, kills: number): string {
  return `In a cage of process ${end.note?.owner}, ${killed(kills)} for memory: ${whoseLimit(end)}.`;
}

function killed(kills: number): string {
  return kills === 1 ? '1 process was killed' : `${kills} processes were killed`;
}

/** The limit, and the cgroup that has it; null if that is not known. */
export function limitOf({ note, kill }: End): { limitBytes: number | null; limitPath: string | null } {
  // A note without a cause is of somebody who knew the cage, but not whose limit it was.
  if (note !== undefined && note.cause !== null) return { limitBytes: note.limitBytes, limitPath: note.limitPath };
  return { limitBytes: kill?.report?.limitBytes ?? null, limitPath: kill?.report?.limitCgroup ?? null };
}

function whoseLimit(end: End): string {
  const { limitBytes, limitPath } = limitOf(end);
  if (end.note?.cause === 'system' || end.kill?.report?.limitCgroup === null) return 'the machine had none left';
  if (limitPath === null && limitBytes === null) {
    const own = end.note?.limitBytes ?? null;
    return `whose limit it was is not told${own === null ? '' : `; that of the cage was ${formatSize(own)}`}`;
  }
  const of = limitBytes === null ? '' : ` of ${formatSize(limitBytes)}`;
  return `the limit${of}${limitPath === null ? ' of its cage' : ` of ${printable(limitPath)}`}`;
}

function ownBytes({ kill }: End): string {
  return typeof kill?.anonBytes === 'number' ? `; it had ${formatSize(kill.anonBytes)} of its own` : '';
}

function howElse({ note }: End): string {
  switch (note?.by) {
    case 'owner':
      return `process ${note.owner}, which had started it, killed it`;
    case 'timeout':
      return 'its timeout was over';
    case 'guardian':
      return `process ${note.owner} had died, and the guardian ended its cages`;
    case 'sweep':
      return note.what === 'owner'
        ? "the kernel's log has no such kill"
        : `process ${note.owner} and its guardian had died, and another memcage ended its cages`;
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
export function whyUnknown(end: End | undefined, { log, nowUs }: Evidence): string {
  if (end?.note?.cause === 'refused')
    return `it was perhaps refused memory, at ${whoseLimit(end)}, and ended by itself`;
  if (log === undefined)
    return "only the kernel's log tells, and this process can't read it. Cure: run the same command as root, on the host if this is a container";
  const since = new Date(Date.now() - (nowUs - log.sinceUs) / 1000).toISOString();
  return `the kernel's log goes back to ${since} only, and no guardian has noted it. Cure: a larger log, as by log_buf_len=4M at boot`;
}

export function timeOf({ timeUs, kill }: End, { nowUs }: Evidence): Date {
  return new Date(Date.now() - (nowUs - (kill?.timeUs ?? timeUs)) / 1000);
}

function whenOf(end: End, evidence: Evidence): string {
  return isTimeKnown(end) ? `ended at ${timeOf(end, evidence).toISOString()}` : 'has ended';
}

/** Of an owner that a sweep has found it is only known that it is dead. */
export function isTimeKnown({ note, kill }: End): boolean {
  return kill !== undefined || note?.by !== 'sweep' || note.what !== 'owner';
}

function cageOf({ note, kill }: End): string {
  const path = note?.cgroup ?? kill?.report?.victimCgroup;
  return path === undefined || path === null ? '' : `, in ${printable(path)}`;
}

function namesOf(kills: readonly KilledProcess[]): string {
  const named = kills.slice(0, MOST_NAMED).map(({ name, pid }) => `${printable(name)} (pid ${pid})`);
  return `${named.join(', ')}${kills.length > MOST_NAMED ? ` and ${kills.length - MOST_NAMED} more` : ''}`;
}
