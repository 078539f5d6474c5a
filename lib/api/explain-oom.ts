import type { OomVerdict, OomVictim } from '../../types/outcome';
import { printable } from '../text/printable';
import { formatSize } from '../text/size';

const MOST_NAMED = 3;

/** The child that an {@link OomVerdict} is about, as far as it is to be named. */
export interface KilledChild {
  /** What the caller has started, as people call it: `npx`. */
  command: string;
  /** Its pid: whoever else was killed was started by it. Default: not known. */
  pid?: number | undefined;
  /** The highest use of its cage, in bytes: `memory.peakBytes` of the outcome. Default: not told. */
  peakBytes?: number | null;
}

/** A verdict in English words, safe to be printed on a terminal. */
export interface OomExplanation {
  /** All of it, without an end: `node (pid 71), started by npx, was killed for its memory limit of 100 MiB (peak 100 MiB)`. */
  sentence: string;
  /** What it was killed for: `its memory limit of 100 MiB`. */
  reason: string;
  /** Who was killed, the first three of them: `node (pid 71), sh (pid 72)`; `null` where the kernel does not tell. */
  victims: string | null;
}

/**
 * An outcome's verdict in words, for logs and people: who was killed for memory, and for whose limit. `run()` has the same
 * sentence in its error.
 *
 * @param oom of an outcome, or of the event 'oom' of a cage
 */
export function explainOom(oom: OomVerdict, { command, pid, peakBytes = null }: KilledChild): OomExplanation {
  const reason = whoseLimit(oom);
  const peak = peakBytes === null ? '' : ` (peak ${formatSize(peakBytes)})`;
  return {
    sentence: `${whoWas(command, oom, pid)} killed for ${reason}${peak}`,
    reason,
    victims: oom.victims === null ? null : namesOf(oom.victims),
  };
}

/** Of which limit a process can be killed "for". */
function whoseLimit({ cause, limitBytes, path }: OomVerdict): string {
  const of = limitBytes === null ? '' : ` of ${formatSize(limitBytes)}`;
  const where = path === null ? '' : ` (${printable(path)})`;
  switch (cause) {
    case 'limit':
      return `its memory limit${of}`;
    case 'cage':
      return `the memory limit${of} of a cage around its own${where}`;
    case 'ancestor':
      return `the memory limit${of} of a cgroup above its cage${where}`;
    case 'descendant':
      return `the memory limit${of} of a cgroup inside its cage${where}`;
    case 'system':
      return 'want of memory on the whole machine';
    case 'unknown':
      return 'a memory limit that the kernel does not tell';
  }
}

function whoWas(command: string, { kills, victims }: OomVerdict, pid: number | undefined): string {
  const program = printable(command);
  const [first] = victims ?? [];
  if (victims === null || first === undefined || victims.length < kills) {
    return kills === 1 ? `${program}: 1 process was` : `${program}: ${kills} processes were`;
  }
  if (victims.length === 1) {
    return first.pid === pid ? `${named(first)} was` : `${named(first)}, started by ${program}, was`;
  }
  return `${program}: ${victims.length} processes (${namesOf(victims)}) were`;
}

/** Some of them, if they are many. */
function namesOf(victims: readonly OomVictim[]): string {
  const names = victims.slice(0, MOST_NAMED).map(named).join(', ');
  return victims.length > MOST_NAMED ? `${names} ...` : names;
}

function named({ pid, name }: OomVictim): string {
  return `${printable(name)} (pid ${pid})`;
}
