import { readdirSync, readFileSync } from 'node:fs';
import type { Tally } from '../tally';

/** Kills the guardian of this process; memcage starts another one when it needs one. */
export function killGuardian(tally: Tally): void {
  for (const pid of guardians()) {
    process.kill(pid, 'SIGKILL');
    tally.trouble('guardian killed');
  }
}

function guardians(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => argumentsOf(pid).includes(`--guardian=${process.pid}`));
}

function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
