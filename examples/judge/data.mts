import { closeSync, ftruncateSync, openSync } from 'node:fs';

/** More than a program may have in memory. */
const BYTES = 96 << 20;

/** Makes a file that takes no room on the disk. That must be a disk: the kernel can give up its pages, and read them again. */
export function makeData(): string {
  const path = `/var/tmp/memcage-judge-${process.pid}`;
  const fd = openSync(path, 'w', 0o644);
  ftruncateSync(fd, BYTES);
  closeSync(fd);
  return path;
}
