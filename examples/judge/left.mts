import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { openCages } from 'memcage/machine';
import { DIRECTORY } from './judge.mts';

/** The first user that memcage gives to a program. */
const FIRST_UID = 0x7000_0000;

/** What there is, after all programs have ended, of what they and this process have made. */
export function whatIsLeft(): [what: string, count: number][] {
  const children = linesOf(`/proc/self/task/${process.pid}/children`).join('').trim().split(' ');
  const ours = children.filter((pid) => pid !== '' && !linesOf(`/proc/${pid}/cmdline`).join('').startsWith('memcage-'));
  const [heading = '', ...segments] = linesOf('/proc/sysvipc/shm');
  const creator = heading.trim().split(/ +/).indexOf('cuid');
  return [
    ['cages', openCages().length],
    ['processes', ours.length],
    ['System V memory', segments.filter((row) => Number(row.trim().split(/ +/)[creator]) >= FIRST_UID).length],
    ['mounts', linesOf('/proc/self/mountinfo').filter((line) => line.includes(DIRECTORY)).length],
    ['directories', readdirSync(tmpdir()).filter((name) => name.startsWith(DIRECTORY)).length],
  ];
}

function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8').trimEnd().split('\n');
}
