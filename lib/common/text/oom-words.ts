import { basename } from 'node:path';
import type { OomVerdict, OomVictim } from '../../../types/outcome';
import { keptInJson } from './json';
import { printable } from './names';
import { formatSize } from './size';

const MOST_NAMED = 3;
/** What the kernel keeps of the name of a program. */
const COMM_LENGTH = 15;

/** What an {@link OomVerdict} is about, before it is put into words. */
export type OomFacts = Omit<OomVerdict, 'message'>;

/** The child that was started, as the caller calls it. */
export interface NamedChild {
  command: string;
  pid: number | undefined;
}

/** The verdict, with its fields in the order in which people want to read them. */
export function inWords({ cause, kills, limitBytes, path, victims }: OomFacts): OomVerdict {
  const facts = { cause, kills, limitBytes, path, victims };
  return keptInJson({ message: explainKills(facts), ...facts });
}

/**
 * Which processes were killed, and for whose memory limit: a sentence without a full stop, safe to print on a terminal.
 *
 * @param child gives its name to the victim with its pid, since a program may rename its processes: the main thread of newer
 *   versions of Node is called "MainThread"
 */
export function explainKills(facts: OomFacts, child?: NamedChild): string {
  if (facts.cause === 'refused') return `perhaps refused memory at ${whoseLimit(facts, 'its')}`;
  if (facts.kills === 0) return 'the kernel does not tell whether it killed anything for memory';
  return `${whoWas(facts, child)} killed for ${whoseLimit(facts, facts.kills === 1 ? 'its' : 'their')}`;
}

/** The same where the OOM killer is off (v1). */
export function explainWait(limit: Pick<OomFacts, 'cause' | 'limitBytes' | 'path'>): string {
  return `processes wait for memory at ${whoseLimit(limit, 'their')}`;
}

function whoseLimit({ cause, limitBytes, path }: Pick<OomFacts, 'cause' | 'limitBytes' | 'path'>, own: string): string {
  const of = limitBytes === null ? '' : ` of ${formatSize(limitBytes)}`;
  const where = path === null ? '' : ` (${printable(path)})`;
  switch (cause) {
    case 'limit':
      return `${own} memory limit${of}`;
    case 'cage':
      return `the memory limit${of} of a cage around ${own} own${where}`;
    case 'ancestor':
      return `the memory limit${of} of a cgroup above ${own} cage${where}`;
    case 'descendant':
      return `the memory limit${of} of a cgroup inside ${own} cage${where}`;
    case 'system':
      return 'want of memory on the whole machine';
    case 'polled':
    case 'refused':
      return `a memory limit${of} that memcage polls`;
    case 'unknown':
      return 'a memory limit that the kernel does not tell';
  }
}

function whoWas({ kills, victims }: OomFacts, child: NamedChild | undefined): string {
  const program = child === undefined ? '' : `${printable(child.command)}: `;
  if (victims === null || victims.length < kills) {
    return kills === 1 ? `${program}1 process was` : `${program}${kills} processes were`;
  }
  const named = victims.slice(0, MOST_NAMED).map((victim) => nameOf(victim, child));
  const names = `${named.join(', ')}${victims.length > MOST_NAMED ? ' ...' : ''}`;
  if (victims.length > 1) return `${program}${victims.length} processes (${names}) were`;
  return child !== undefined && isOther(victims[0], child)
    ? `${names}, started by ${printable(child.command)}, was`
    : `${names} was`;
}

/** The command may be another process than the child with its pid: one below an init. Then the kernel's name for it tells. */
function isOther(victim: OomVictim | undefined, { command, pid }: NamedChild): boolean {
  return victim?.pid !== pid && victim?.name !== basename(command).slice(0, COMM_LENGTH);
}

function nameOf({ pid, name }: OomVictim, child: NamedChild | undefined): string {
  return `${printable(pid === child?.pid ? child.command : name)} (pid ${pid})`;
}
