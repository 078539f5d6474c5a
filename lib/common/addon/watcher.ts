import type {
  Ending,
  MeterOptions,
  MeterReading,
  NativeBinding,
  StallMeterOptions,
  WatchEvent,
} from '../../../types/native';
import { inTimeSlices } from '../event-loop/time-slices';
import { nextIteration } from '../event-loop/timers';
import { loadNative } from './load-native';

/** Keeps the event loop alive until every holder has released it. */
export interface Refs {
  acquire(): void;
  release(): void;
}

/** Makes a {@link Refs} for this environment's watcher, which starts unref'd. */
export function createRefs(binding: Pick<NativeBinding, 'setWatcherRef'>): Refs {
  let holders = 0;
  return {
    acquire() {
      holders += 1;
      if (holders === 1) binding.setWatcherRef({ ref: true });
    },
    release() {
      holders -= 1;
      if (holders === 0) binding.setWatcherRef({ ref: false });
    },
  };
}

type ExitEvent = Extract<WatchEvent, { kind: 'exit' }>;
type ReachedEvent = Extract<WatchEvent, { kind: 'reached' }>;

interface WatchChildOptions {
  /** The child may outlive this environment. */
  detached: boolean;
  /** What the watcher does at once when the child has exited by itself. */
  ending: Ending | undefined;
}

type OnReached = (reached: ReachedEvent, timeMs: number) => void;

/** A limit that the watcher's thread holds. */
export interface Meter {
  /** Undefined once it is stopped. */
  read(): MeterReading | undefined;
  /** Waits for a kill that is under way, and returns the last reading; undefined if it is stopped already. */
  stop(): MeterReading | undefined;
}

/** A stream that the watcher's thread looks at. */
export interface StreamWatch {
  /** Has the callback called once, when the stream can be read, or written, or its other end is gone. */
  arm(wanted: { reads: boolean; writes: boolean }): void;
  /** Call it before you close the fd. */
  stop(): void;
}

/** The one watcher of this environment, with callbacks. */
export interface Watcher {
  readonly refs: Refs;
  /**
   * Calls `onExit` once, when the child has been reaped. Returns a function that makes the watcher leave the {@link
   * Ending} to `onExit`, unless it has already begun to carry it out.
   */
  child(pidfd: number, options: WatchChildOptions, onExit: (event: ExitEvent) => void): () => void;
  /**
   * Calls `onReady` after each change, with its time in milliseconds since the epoch. Returns a function that stops
   * it, which you call before you close the fd.
   */
  event(fd: number, kind: 'event' | 'priority', onReady: (timeMs: number) => void): () => void;
  stream(fd: number, onReady: () => void): StreamWatch;
  /** Starts a meter of processor time. Calls `onReached` once, after the first kill at its limit, with its time. */
  meter(options: MeterOptions, onReached: OnReached): Meter;
  /** Starts a meter of stalls. Calls `onReached` once for each. */
  stallMeter(options: StallMeterOptions, onReached: OnReached): Meter;
}

let started: Watcher | undefined;

export function watcher(): Watcher {
  started ??= startWatcher(loadNative());
  return started;
}

/** Converts a time of CLOCK_MONOTONIC to milliseconds since the epoch. */
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
    // This is in time: events are delivered by the event loop.
    handlers.set(id, handler);
    return id;
  };

  const metered = (id: number, onReached: OnReached): Meter => {
    handlers.set(id, (event) => {
      if (event.kind === 'reached') onReached(event, epochMs(native, event.timeNs));
    });
    return {
      read: () => native.readMeter({ id }) ?? undefined,
      stop() {
        handlers.delete(id);
        return native.stopMeter({ id }) ?? undefined;
      },
    };
  };

  const deliver = inTimeSlices<WatchEvent>((event) => {
    const handler = handlers.get(event.id);
    if (event.kind === 'exit') handlers.delete(event.id);
    try {
      handler?.(event);
    } catch (error) {
      // An exception in a listener is the program's problem; the other events of this batch must still be
      // delivered.
      process.nextTick(() => {
        throw error;
      });
    }
  });
  // As with libuv, a child's last output comes before its exit. The loop takes what the thread has queued by now, which is
  // after it has looked at the pipes: only its look in the next iteration is sure to find that output. So the slices, which
  // begin an iteration after they get an event, get it when this iteration's look is over.
  native.startWatcher({ onEvents: (events) => void nextIteration(() => deliver(events)) });

  return {
    refs: createRefs(native),
    child(pidfd, { detached, ending }, onExit) {
      const handler = (event: WatchEvent): void => {
        if (event.kind === 'exit') onExit(event);
      };
      const id = add(pidfd, detached ? 'detached-child' : 'child', handler, ending);
      return () => {
        // By now the fd may belong to another file.
        if (handlers.has(id)) native.dropEnding({ fd: pidfd });
      };
    },
    event(fd, kind, onReady) {
      const id = add(fd, kind, (event) => onReady(epochMs(native, event.timeNs)));
      return () => {
        if (handlers.delete(id)) native.unwatch({ fd });
      };
    },
    stream(fd, onReady) {
      let id: number | undefined;
      return {
        arm(wanted) {
          id = native.arm({ fd, ...wanted });
          handlers.set(id, onReady);
        },
        stop() {
          if (id !== undefined && handlers.delete(id)) native.unwatch({ fd });
        },
      };
    },
    meter: (options, onReached) => metered(native.startMeter(options), onReached),
    stallMeter: (options, onReached) => metered(native.startStallMeter(options), onReached),
  };
}
