import { readFileSync } from 'node:fs';
import { readKillLog } from '../../../../cage/oom/kill-log';
import { leftEnds } from '../../../../cage/root/left-ends';
import { nowUs } from '../../../../cgroup/ends/note';
import { notesTrouble } from '../../../../cgroup/ends/notes-directory';
import { readNotes } from '../../../../cgroup/ends/read-notes';
import type { Evidence } from './ends';

/** Reads all that this user may read. */
export function readEvidence(): Evidence {
  // Read the log last: it is about deaths, and a note is written after one.
  const notes = [...readNotes(), ...(passing(leftEnds) ?? [])];
  return { notes, log: readKillLog(), trouble: passing(notesTrouble), nowUs: nowUs() };
}

/** No cgroup may be visible, and what was left may be swept away meanwhile: the rest of the evidence counts all the same. */
function passing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Whether it lives: one that nobody has reaped is dead. */
export function isRunning(pid: number): boolean {
  return passing(() => /^State:\s+[^ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) ?? false;
}
