import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';

/**
 * The child's pipes that somebody reads, by a listener, a pipe or an iteration. Ask before 'exit': after that Node
 * reads the others to their end.
 */
export function readStreams({ stdio }: Pick<ChildProcess, 'stdio'>): Readable[] {
  // Missing after EMFILE.
  const streams: readonly unknown[] = (stdio as ChildProcess['stdio'] | undefined) ?? [];
  return streams.filter((stream) => stream instanceof Readable).filter(isRead);
}

/** Also if it has been paused, for example by a pipe to a slow writer: when the child has ended, Node resumes it. */
function isRead(stream: Readable): boolean {
  if (stream.closed || stream.destroyed) return false;
  return stream.readableFlowing === true || stream.listenerCount('readable') > 0 || stream.listenerCount('data') > 0;
}

/** Resolves when all of these are closed; at once if there are none. */
export async function whenClosed(streams: readonly Readable[]): Promise<void> {
  const open = streams.filter(({ closed }) => !closed);
  await Promise.all(open.map((stream) => once(stream, 'close').catch(() => {})));
}
