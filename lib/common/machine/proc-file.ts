import { readFileSync } from 'node:fs';

/**
 * Reads a file of a process in /proc, see proc(5). undefined if the process has ended, or if its user keeps us out.
 */
export function readProcFile(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    // ESRCH: it ended after the open. EINVAL: a zombie, which is no longer in a namespace. EACCES, EPERM: another
    // user's.
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ESRCH', 'EINVAL', 'EACCES', 'EPERM'].includes(code)) return undefined;
    throw error;
  }
}
