import { readlinkSync } from 'node:fs';
import type { HeldFile } from '../messages';
import { readStart } from './bounded-file';

const MOST_BYTES = 1024 ** 2;
const LEAST_TOLD = 64 * 1024;
const MOST_TOLD = 20;

/** Segments of System V's shared memory to which no process is attached: no mapping tells of them. See proc_sysvipc(5). */
export function looseSegments(pid: number | undefined): HeldFile[] {
  // Of another IPC namespace nobody outside can list them.
  if (pid === undefined || namespaceOf(pid) !== namespaceOf('self')) return [];
  return segmentsIn(readStart('/proc/sysvipc/shm', MOST_BYTES) ?? '');
}

/** @param table the text of /proc/sysvipc/shm */
export function segmentsIn(table: string): HeldFile[] {
  const [header = '', ...lines] = table.split('\n');
  const names = header.trim().split(/\s+/);
  const all = lines.flatMap((line): HeldFile[] => {
    const words = line.trim().split(/\s+/);
    const field = (name: string): number => Number(words[names.indexOf(name)]);
    const bytes = field('rss') + field('swap');
    if (!(bytes >= LEAST_TOLD) || field('nattch') !== 0) return [];
    const path = `System V segment ${field('shmid')}`;
    return [{ path, bytes, deleted: true, pid: field('cpid'), visibleOutside: true }];
  });
  return all.sort((one, other) => other.bytes - one.bytes).slice(0, MOST_TOLD);
}

function namespaceOf(pid: number | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/ipc`);
  } catch {
    return undefined;
  }
}
