import { isWithin } from '../../common/text/names';
import { kernelFormatError } from '../files/formats';

/** A line of `/proc/<pid>/mountinfo`. */
export interface Mount {
  id: string;
  parent: string;
  /** `MAJOR:MINOR` of the file system. */
  device: string;
  /** What is mounted, as a path in that file system. */
  root: string;
  mountPoint: string;
  readOnly: boolean;
  fsType: string;
  superOptions: string[];
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html */
export function parseMounts(mountInfo: string): Mount[] {
  return mountInfo.split('\n').flatMap((line, index) => (line === '' ? [] : [parseMount(line, index + 1)]));
}

/** The mount that shows a path. Of two mounts at one place, the later one covers the other. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  const around = mounts.filter(({ mountPoint }) => isWithin(path, mountPoint));
  return around.reduce<Mount | undefined>(
    (best, each) => (best === undefined || each.mountPoint.length >= best.mountPoint.length ? each : best),
    undefined,
  );
}

/** `36 35 98:0 /root /mount/point rw,noatime master:1 - ext3 /dev/root rw,errors=continue` */
function parseMount(line: string, number: number): Mount {
  const fields = line.split(' ');
  // Any number of optional fields, then a single dash.
  const dash = fields.indexOf('-', 6);
  const [id, parent, device, root, mountPoint, options] = fields;
  const fsType = fields[dash + 1];
  const superOptions = fields[dash + 3];
  if (
    dash < 0 ||
    !id ||
    !parent ||
    !device ||
    !root ||
    !mountPoint ||
    !options ||
    !fsType ||
    superOptions === undefined
  ) {
    const expected = 'ID PARENT DEVICE ROOT MOUNT-POINT OPTIONS - TYPE SOURCE OPTIONS';
    throw kernelFormatError('mountinfo', expected, line, number);
  }
  const flags = [...options.split(','), ...superOptions.split(',')];
  return {
    id,
    parent,
    device,
    root: unescapeOctal(root),
    mountPoint: unescapeOctal(mountPoint),
    readOnly: flags.includes('ro'),
    fsType,
    superOptions: superOptions.split(','),
  };
}

/** The kernel writes space, tab, newline and backslash as \ and three octal digits. */
function unescapeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
