/** Of Linux, without what follows the second number. */
export type KernelVersion = readonly [major: number, minor: number];

/** The oldest that memcage is tested on. An older one may have what memcage needs, too: a waitid() that knows pidfds. */
export const OLDEST_KERNEL: KernelVersion = [5, 10];

/** Whether the kernel of this `uname -r` is older than that version. */
export function isOlderThan([major, minor]: KernelVersion, release: string): boolean {
  const [ownMajor = 0, ownMinor = 0] = release.split('.').map((part) => Number.parseInt(part, 10));
  return ownMajor < major || (ownMajor === major && ownMinor < minor);
}
