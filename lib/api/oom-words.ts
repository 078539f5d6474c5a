import type { OomVerdict, OomVictim, Outcome } from '../../types/outcome';
import { printable } from '../text/printable';
import { formatSize } from '../text/size';

const MOST_NAMED = 3;

/** Says who was killed for memory, and for whose limit. A sentence without its full stop. */
export function killSentence(file: string, oom: OomVerdict, { pid, peakBytes }: KilledChild): string {
  const peak = peakBytes === null ? '' : ` (peak ${formatSize(peakBytes)})`;
  return `${whoWas(file, oom, pid)} killed for ${whoseLimit(oom)}${peak}`;
}

export interface KilledChild {
  pid: number | undefined;
  peakBytes: Outcome['memory']['peakBytes'];
}

/** The limit, as a phrase that fits after "killed for". */
export function whoseLimit({ cause, limitBytes, path }: OomVerdict): string {
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

function whoWas(file: string, { kills, victims }: OomVerdict, pid: number | undefined): string {
  const program = printable(file);
  const [first] = victims ?? [];
  if (victims === null || first === undefined || victims.length < kills) {
    return kills === 1 ? `${program}: 1 process was` : `${program}: ${kills} processes were`;
  }
  if (victims.length === 1) {
    return first.pid === pid ? `${named(first)} was` : `${named(first)}, started by ${program}, was`;
  }
  return `${program}: ${victims.length} processes (${namesOf(victims)}) were`;
}

/** The first few names, if there are many. */
export function namesOf(victims: readonly OomVictim[]): string {
  const names = victims.slice(0, MOST_NAMED).map(named).join(', ');
  return victims.length > MOST_NAMED ? `${names} ...` : names;
}

function named({ pid, name }: OomVictim): string {
  return `${printable(name)} (pid ${pid})`;
}
