import type { SpawnSyncOptions } from 'node:child_process';

type Stdio = SpawnSyncOptions['stdio'];
type Entry = Extract<Stdio, readonly unknown[]>[number];

const WORDS: ReadonlySet<unknown> = new Set(['pipe', 'overlapped', 'ignore', 'inherit', 'ipc']);

/** How many fds Node gives to the child. */
export function stdioCount(stdio: Stdio): number {
  return toList(stdio)?.filter(hasFd).length ?? 0;
}

/** `stdio` with fds of this process added at the end. What Node is going to refuse stays as it is. */
export function withFds(stdio: Stdio, fds: readonly number[]): Stdio {
  const list = toList(stdio);
  return list === undefined ? stdio : [...list, ...fds];
}

/** In a synchronous call Node skips other text, and bytes, so the next entry gets the number. */
function hasFd(entry: unknown): boolean {
  return typeof entry === 'string' ? WORDS.has(entry) : !ArrayBuffer.isView(entry);
}

function toList(stdio: Stdio): Entry[] | undefined {
  // Like Node: anything falsy, including null, is the default.
  if (!stdio) return toList('pipe');
  if (Array.isArray(stdio)) return [...stdio, ...Array<undefined>(Math.max(0, 3 - stdio.length)).fill(undefined)];
  return stdio !== ('ipc' as unknown) && WORDS.has(stdio) ? ([stdio, stdio, stdio] as Entry[]) : undefined;
}
