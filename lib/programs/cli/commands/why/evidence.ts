import { existsSync, statSync } from 'node:fs';
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
    // The owner made it, or something in it, when it changed last.
    const changed = passing(() => statSync(path).mtimeMs);
    if (pid === null || changed === undefined || kind === 'detached') return [];
    return [{ pid, path, aliveUs: nowUs() - (Date.now() - changed) * 1000 }];
  });
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
