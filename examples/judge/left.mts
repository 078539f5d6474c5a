import { readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { openCages } from 'memcage/machine';
import { hasRun } from './caged.mts';
import { DIRECTORY } from './judge.mts';

/** What there is, after all programs have ended, of what they and this process have made. */
export function whatIsLeft(): [what: string, count: number][] {
  return [
    ['cages', openCages().length],
    ['processes', processes()],
    ['System V memory', sharedMemory()],
    ['mounts', linesOf('/proc/self/mountinfo').filter((line) => line.includes(DIRECTORY)).length],
    ['directories', readdirSync(tmpdir()).filter((name) => name.startsWith(DIRECTORY)).length],
  ];
}

function processes(): number {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && hasRun(ownerOf(`/proc/${name}`))).length;
}

function ownerOf(path: string): number {
  // It may have ended meanwhile.
  return statSync(path, { throwIfNoEntry: false })?.uid ?? Number.NaN;
}

function sharedMemory(): number {
  const [heading = '', ...rows] = linesOf('/proc/sysvipc/shm');
  const creator = heading.trim().split(/ +/).indexOf('cuid');
  return rows.filter((row) => hasRun(Number(row.trim().split(/ +/)[creator]))).length;
}

function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8').trimEnd().split('\n');
}
