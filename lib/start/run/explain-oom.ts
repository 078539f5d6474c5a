import type { OomVerdict, OomVictim } from '../../../types/outcome';
import { printable } from '../../common/text/names';
import { formatSize } from '../../common/text/size';

const MOST_NAMED = 3;

/** The child that an {@link OomVerdict} is about, and what the explanation says of it. */
export interface KilledChild {
  /** Name of the program that you started, for people: `npx`. */
  command: string;
  /**
   * The child's pid. The victim with this pid has the name `command`. Of a single victim with another pid, the sentence says that
   * the child started it. Default: unknown.
   */
  pid?: number | undefined;
  /** The highest usage of its cage, in bytes: `memory.peakBytes` of the outcome. Default: left out. */
  peakBytes?: number | null;
}

/** A verdict in English, safe to print on a terminal. */
export interface OomExplanation {
  /**
   * The whole sentence, without a full stop: `node (pid 71), started by npx, was killed for its memory limit of 100 MiB
   * (peak 100 MiB)`.
   */
  sentence: string;
  /** What the processes were killed for: `its memory limit of 100 MiB`. */
  reason: string;
  /** The first three that were killed: `node (pid 71), sh (pid 72)`; `null` if the kernel does not say which. */
  victims: string | null;
}

/**
 * Put an OOM verdict into words, for logs and people: which processes were killed, and for whose memory limit. `run()`
 * has the same sentence in its error.
 *
 * @param oom the verdict of an outcome, or of a cage's event 'oom'
 */
export function explainOom(oom: OomVerdict, { command, pid, peakBytes = null }: KilledChild): OomExplanation {
  const reason = whoseLimit(oom);
  const peak = peakBytes === null ? '' : ` (peak ${formatSize(peakBytes)})`;
  // A program may rename its processes: the main thread of newer versions of Node is called "MainThread".
  const victims = oom.victims?.map((victim) => (victim.pid === pid ? { pid, name: command } : victim)) ?? null;
  return {
    sentence: `${whoWas(command, { ...oom, victims }, pid)} killed for ${reason}${peak}`,
    reason,
    victims: victims === null ? null : namesOf(victims),
  };
}

/** The limit, worded to follow "killed for". */
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
    case 'polled':
      return `a memory limit${of} that memcage polls`;
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

/** The names of the victims; only the first ones if there are many. */
function namesOf(victims: readonly OomVictim[]): string {
  const names = victims.slice(0, MOST_NAMED).map(named).join(', ');
  return victims.length > MOST_NAMED ? `${names} ...` : names;
}

function named({ pid, name }: OomVictim): string {
  return `${printable(name)} (pid ${pid})`;
}
