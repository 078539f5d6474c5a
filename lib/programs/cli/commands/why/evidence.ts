import { existsSync, type Stats, statSync } from 'node:fs';
import { readKillLog } from '../../../../cage/oom/kill-log';
import { readNotes } from '../../../../cgroup/ends/read-notes';
import { listCages } from '../../../../machine';
import type { Evidence, LeftOwner } from './ends';

/** Reads all that this user may read. */
export function readEvidence(): Evidence {
  // Read the log last: it is about deaths, and a note is written after one.
  const notes = readNotes();
  const left = leftOwners();
  return { notes, left, log: readKillLog(), nowUs: nowUs() };
}

/** CLOCK_MONOTONIC, as Node's own clock. */
function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

function leftOwners(): LeftOwner[] {
  const dead = passing(() => listCages().filter(({ owner }) => !owner.alive)) ?? [];
  return dead.flatMap(({ path, kind, owner: { pid } }) => {
    const made = passing(() => statSync(path));
    if (pid === null || made === undefined || kind === 'detached') return [];
    return [{ pid, path, aliveUs: hasStamp(made) ? nowUs() - (Date.now() - made.ctimeMs) * 1000 : 0 }];
  });
}

/**
 * The owner has stamped the cages that it made for one child. From then on the kernel keeps the times of the directory. Of
 * others it only has when somebody looked at them.
 */
function hasStamp({ mtimeMs }: Stats): boolean {
  return mtimeMs === 0;
}

/** No cgroup may be visible, and what was left may be swept away meanwhile: the rest of the evidence counts all the same. */
function passing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

export function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}
