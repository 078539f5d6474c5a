import { readStart } from './bounded-file';

const MOST_BYTES = 1024 ** 2;

/** A tmpfs as a process sees it. */
export interface Tmpfs {
  /** MAJOR:MINOR. */
  device: string;
  mountPoint: string;
}

/** The tmpfs in /proc/PID/mountinfo; see proc_pid_mountinfo(5). */
function tmpfsIn(mountinfo: string): Tmpfs[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [fields = '', rest = ''] = line.split(' - ');
    const [, , device, , mountPoint] = fields.split(' ');
    const [type] = rest.split(' ');
    if ((type !== 'tmpfs' && type !== 'ramfs') || device === undefined || mountPoint === undefined) return [];
    return [{ device, mountPoint: unescaped(mountPoint) }];
  });
}

export function tmpfsOf(pid: number | 'self'): Tmpfs[] {
  return tmpfsIn(readStart(`/proc/${pid}/mountinfo`, MOST_BYTES) ?? '');
}

function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
