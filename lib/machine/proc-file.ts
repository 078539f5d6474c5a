import { readFileSync } from 'node:fs';

/** A file of a process in /proc: proc(5). undefined when the process has ended, or is another's who does not let us read it. */
export function readProcFile(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    // ESRCH: it ended after the open; EINVAL: a zombie, which is in no namespace any more. EACCES, EPERM: another user's.
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ESRCH', 'EINVAL', 'EACCES', 'EPERM'].includes(code)) return undefined;
    throw error;
  }
}
