/** The version of Linux or libuv, without what follows the second number. */
export type Version = readonly [major: number, minor: number];

/** The oldest that memcage is tested on. An older one may have what memcage needs, too: a waitid() that knows pidfds. */
export const OLDEST_KERNEL: Version = [5, 10];

/** Whether a release, such as that of `uname -r`, is older than that version. */
export function isOlderThan([major, minor]: Version, release: string): boolean {
  const [ownMajor = 0, ownMinor = 0] = release.split('.').map((part) => Number.parseInt(part, 10));
  return ownMajor < major || (ownMajor === major && ownMinor < minor);
}

/** Whether this is Node, or has Node's own code as Electron has: `child_process` of others only looks like it. */
export const IS_NODE = process.versions['bun'] === undefined && process.versions['deno'] === undefined;

/** The runtime, for messages: `Node v24.1.0`, or one that claims to be a Node of that version. */
export function runtimeName(): string {
  const { bun, deno, electron } = process.versions;
  if (bun !== undefined) return `Bun ${bun}`;
  if (deno !== undefined) return `Deno ${deno}`;
  return electron === undefined ? `Node ${process.version}` : `Electron ${electron}, Node ${process.version}`;
}
