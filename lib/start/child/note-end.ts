import { constants } from 'node:os';
import { basename } from 'node:path';
import type { MemoryReport, Outcome } from '../../../types/outcome';
import { encodeNote, type Note, noteOf } from '../../cgroup/ends/note';
import { loadNative } from '../../common/addon/load-native';
import { ErrorCode } from '../../common/errors/errors';
import type { PossibleVictim } from './kernel-report';

/** What is asked of a child that has ended. */
export interface NotedChild extends PossibleVictim {
  startNs: number;
  /** The kernel's log, or the sampler, names the victims: none is a guess. */
  isNamed: boolean;
  /** Path of the cgroup that it lived in. */
  cgroup: string | undefined;
}

type Ended = Pick<Outcome<MemoryReport | null>, 'exitCode' | 'oom' | 'memory' | 'stalled' | 'error'>;

/** A storm of victims must not fill the file. */
const MOST_VICTIMS = 16;

/**
 * Has the guardian note how a child ended, if somebody may ask: a signal ended it, or memory was short. So a usual end costs
 * nothing.
 */
export function noteEnd(child: NotedChild, outcome: Ended): void {
  if (child.signal === null && outcome.oom === null && outcome.stalled === null) return;
  try {
    for (const note of notesOf(child, outcome)) loadNative().noteEnd({ note: encodeNote(note) });
  } catch {
    // A note that is lost must not keep the child's end from being told.
  }
}

/** Of the child, and of those that were killed for memory with it. */
export function notesOf(child: NotedChild, outcome: Ended): Note[] {
  const { oom, memory } = outcome;
  const ofCage = {
    startedUs: child.startNs / 1000,
    endedUs: child.timeNs / 1000,
    owner: process.pid,
    cause: oom?.cause ?? null,
    limitBytes: oom === null ? finite(memory?.limitBytes) : oom.limitBytes,
    limitPath: oom?.path ?? null,
    peakBytes: memory?.peakBytes ?? null,
    kills: oom?.kills ?? 0,
    cgroup: child.cgroup ?? null,
  };
  const own = noteOf('child', {
    ...ofCage,
    memory: wasMemory(child, outcome),
    by: endedBy(child, outcome),
    pid: child.pid,
    exitCode: outcome.exitCode,
    signal: child.signal === null ? 0 : constants.signals[child.signal],
    name: basename(child.file).slice(0, 15),
  });
  const others = (oom?.victims ?? []).filter(({ pid }) => pid !== child.pid).slice(0, MOST_VICTIMS);
  const killed = { memory: true, by: 'kernel', signal: constants.signals.SIGKILL } as const;
  return [own, ...others.map(({ pid, name }) => noteOf('member', { ...ofCage, ...killed, pid, name }))];
}

/** Null: not known. A SIGKILL by itself proves nothing. True without anybody who has ended it: a guess. */
function wasMemory({ pid, signal, wasKilled }: NotedChild, { oom, error }: Ended): boolean | null {
  const { victims = null, kills = 0, cause = null } = oom ?? {};
  if (victims?.some((victim) => victim.pid === pid) === true) return true;
  if (cause === 'refused') return null;
  if (signal !== 'SIGKILL') return false;
  if (oom === null) return error !== null && !wasKilled ? null : false;
  if (wasKilled && cause === 'polled') return true;
  return victims !== null && victims.length >= kills ? false : null;
}

function endedBy(child: NotedChild, outcome: Ended): Note['by'] {
  if (outcome.stalled !== null) return 'stall';
  if (wasMemory(child, outcome) === true) return child.isNamed ? 'kernel' : null;
  if ((outcome.error as { code?: unknown } | null)?.code === ErrorCode.TIMEOUT) return 'timeout';
  if (child.wasKilled) return 'owner';
  return child.signal === null ? 'itself' : null;
}

function finite(bytes: number | undefined): number | null {
  return bytes !== undefined && Number.isFinite(bytes) ? bytes : null;
}
