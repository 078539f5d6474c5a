import type { Ending, NativeBinding, WatchEvent } from '../../types/native';
import { createRefs, type Refs } from '../event-loop/refs';
import { inTimeSlices } from '../event-loop/time-slice';
import { loadNative } from './load-native';

type ExitEvent = Extract<WatchEvent, { kind: 'exit' }>;

interface WatchChildOptions {
  /** It may outlive this environment. */
  detached: boolean;
  /** What the watcher does at once when the child has exited by itself. */
  ending: Ending | undefined;
}

/** The one watcher of this environment, as callbacks. */
export interface Watcher {
  readonly refs: Refs;
  /**
   * `onExit` is called once, when the child has been reaped. Returns what makes the watcher leave the {@link Ending} to that,
   * unless it is at it already.
   */
  child(pidfd: number, options: WatchChildOptions, onExit: (event: ExitEvent) => void): () => void;
  /**
   * `onReady` is called after each change, with its time in milliseconds since the epoch. Returns the end of it, to be called
   * before the fd is closed.
   */
  event(fd: number, kind: 'event' | 'priority', onReady: (timeMs: number) => void): () => void;
}

let started: Watcher | undefined;

export function watcher(): Watcher {
  started ??= startWatcher(loadNative());
  return started;
}

/** A moment of CLOCK_MONOTONIC as milliseconds since the epoch. */
function epochMs(native: NativeBinding, timeNs: number): number {
  return Date.now() - (native.monotonicNs() - timeNs) / 1e6;
}

function startWatcher(native: NativeBinding): Watcher {
  const handlers = new Map<number, (event: WatchEvent) => void>();

  const add = (
    fd: number,
    kind: Parameters<NativeBinding['watch']>[0]['kind'],
    handler: (event: WatchEvent) => void,
    ending?: Ending,
  ): number => {
    const id = native.watch(ending === undefined ? { fd, kind } : { fd, kind, ending });
    // In time: events come by the event loop.
    handlers.set(id, handler);
    return id;
  };

  native.startWatcher({
    onEvents: inTimeSlices((event) => {
      const handler = handlers.get(event.id);
      if (event.kind === 'exit') handlers.delete(event.id);
      try {
        handler?.(event);
      } catch (error) {
        // An exception in a listener is the program's; the other events of this batch must still be delivered.
        process.nextTick(() => {
          throw error;
        });
      }
    }),
  });

  return {
    refs: createRefs(native),
    child(pidfd, { detached, ending }, onExit) {
      const handler = (event: WatchEvent): void => {
        if (event.kind === 'exit') onExit(event);
      };
      const id = add(pidfd, detached ? 'detached-child' : 'child', handler, ending);
      return () => {
        // The fd may be another one's by now.
        if (handlers.has(id)) native.dropEnding({ fd: pidfd });
      };
    },
    event(fd, kind, onReady) {
      const id = add(fd, kind, (event) => onReady(epochMs(native, event.timeNs)));
      return () => {
        if (handlers.delete(id)) native.unwatch({ fd });
      };
    },
  };
}
