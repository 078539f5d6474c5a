import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';

/** What happens to a child that Node itself started. */
export interface Observer {
  /**
   * The child has ended, with its exit code or a signal; both are null if nobody knows how. Called once, before the listeners
   * of 'exit'.
   */
  onEnd(exitCode: number | null, signal: NodeJS.Signals | null): void;
  /** An 'error' is about to be emitted. */
  onError(error: Error): void;
}

/**
 * Observes the events of a child through its `emit`. Listeners would be counted and listed among the program's own, and
 * removeAllListeners() would take them.
 */
export function observe(child: ChildProcess, { onEnd, onError }: Observer): void {
  const below = child.emit.bind(child) as (...args: unknown[]) => boolean;
  let hasEnded = false;
  const end = (exitCode: number | null, signal: NodeJS.Signals | null): void => {
    if (hasEnded) return;
    hasEnded = true;
    // A negative number is the errno of a wait that failed.
    onEnd(exitCode === null || exitCode < 0 ? null : exitCode, signal);
  };
  const value = (...args: unknown[]): boolean => {
    const [event, first, second] = args;
    if (event === 'exit') end(first as number | null, second as NodeJS.Signals | null);
    // Without an 'exit' before it, its status was lost; 'error' told why.
    else if (event === 'close') end(child.exitCode, child.signalCode);
    else if (event === 'error') onError(first as Error);
    return below(...args);
  };
  Object.defineProperty(child, 'emit', { value, writable: true, configurable: true, enumerable: false });
}

/**
 * The child's pipes that somebody reads, by a listener, a pipe or an iteration. Ask before 'exit': after that Node
 * reads the others to their end.
 */
export function readStreams({ stdio }: Pick<ChildProcess, 'stdio'>): Readable[] {
  // Missing after EMFILE.
  const streams: readonly unknown[] = (stdio as ChildProcess['stdio'] | undefined) ?? [];
  return streams.filter((stream) => stream instanceof Readable).filter(isRead);
}

/** Whether somebody reads the stream. One that was paused, for example by a pipe to a slow writer, counts: Node resumes it when the child has ended. */
function isRead(stream: Readable): boolean {
  if (stream.closed || stream.destroyed) return false;
  return stream.readableFlowing === true || stream.listenerCount('readable') > 0 || stream.listenerCount('data') > 0;
}

/** Resolves when all of these are closed; at once if there are none. */
export async function whenClosed(streams: readonly Readable[]): Promise<void> {
  const open = streams.filter(({ closed }) => !closed);
  await Promise.all(open.map((stream) => once(stream, 'close').catch(() => {})));
}
