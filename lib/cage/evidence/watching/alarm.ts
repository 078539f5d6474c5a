import type { CgroupDirectory } from '../../../cgroup/directory/directory';
import { OpenFile } from '../../../cgroup/directory/open-file';
import { EventCounter } from '../../../cgroup/directory/v1-notifications';
import type { CgroupVersion } from '../../../cgroup/files/formats';
import { readMemoryFile } from '../../../cgroup/limits/limit-files';
import type { SharedCageState } from '../shared-state';

/** Has the kernel tell when a cage uses so much. */
export interface Alarm {
  /** The kernel tells of what comes after this. */
  rearm(bytes: number): void;
  /** The same where the kernel has told of it already. It may take milliseconds. */
  renew(bytes: number): void;
  /** The cage is full of what can be reclaimed: the alarm would only cost time. */
  rest(): void;
  /** Takes note of what was told, so that the kernel tells again. */
  consume(): void;
  close(): void;
}

/** Has somebody hear of an fd. @returns what ends that */
export type Watch = (fd: number, kind: 'event' | 'priority') => () => void;

export function openAlarm(
  version: CgroupVersion,
  directory: CgroupDirectory,
  { state, watch }: { state: SharedCageState; watch: Watch },
): Alarm {
  return version === 1 ? new AlarmV1(directory, watch) : new AlarmV2(directory, state, watch);
}

/** A threshold of memory.usage_in_bytes, which costs nothing until it is crossed. */
class AlarmV1 implements Alarm {
  #bytes = 0;
  #counter: EventCounter | undefined;
  #unwatch: (() => void) | undefined;

  constructor(
    private readonly directory: CgroupDirectory,
    private readonly watch: Watch,
  ) {}

  rearm(bytes: number): void {
    if (bytes === this.#bytes) return;
    this.close();
    this.#counter = new EventCounter(this.directory, 'memory.usage_in_bytes', String(bytes));
    this.#unwatch = this.watch(this.#counter.fd, 'event');
    this.#bytes = bytes;
  }

  renew(bytes: number): void {
    // The kernel tells of each crossing once, and compares at every 128th page only. Use that fell below in between, as the kernel took back
    // what it held ready for a processor, and then rises, has crossed nothing for it. To register waits for a grace period of RCU.
    this.close();
    this.rearm(bytes);
  }

  rest(): void {
    this.close();
  }

  consume(): void {
    this.#counter?.count();
  }

  close(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#counter?.close();
    this.#counter = undefined;
    this.#bytes = 0;
  }
}

/**
 * memory.high, above which the kernel counts, and lets what allocates wait: that is the time to stop the cage in. What the caller
 * has set there holds too.
 */
class AlarmV2 implements Alarm {
  readonly #events: OpenFile;
  #unwatch: (() => void) | undefined;
  /** What this has written last, and what the kernel made of it. */
  #written: { asked: number; taken: number } | undefined;

  constructor(
    private readonly directory: CgroupDirectory,
    private readonly state: SharedCageState,
    private readonly watch: Watch,
  ) {
    this.#events = new OpenFile(directory, 'memory.events');
    try {
      state.callersHigh = this.#read();
      this.consume();
    } catch (error) {
      this.#events.close();
      throw error;
    }
  }

  rearm(bytes: number): void {
    this.#unwatch ??= this.watch(this.#events.fd, 'priority');
    this.#noteCaller();
    this.#write(Math.min(bytes, this.state.callersHigh));
  }

  renew(bytes: number): void {
    // The kernel tells whenever it is above.
    this.rearm(bytes);
  }

  rest(): void {
    // The kernel also tells whenever it reclaims at the limit.
    this.#endWatch();
    this.#noteCaller();
    this.#write(this.state.callersHigh);
  }

  consume(): void {
    this.#events.text();
  }

  close(): void {
    this.#endWatch();
    this.#events.close();
  }

  #endWatch(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  /** Somebody else may have set it since. */
  #noteCaller(): void {
    const now = this.#read();
    if (this.#written === undefined || now === this.#written.taken) return;
    this.state.callersHigh = now;
    this.#written = undefined;
  }

  #write(bytes: number): void {
    if (this.#written?.asked === bytes) return;
    writeHigh(this.directory, bytes);
    this.#written = { asked: bytes, taken: this.#read() };
  }

  #read(): number {
    return readMemoryFile(this.directory, 2, 'high') ?? Number.POSITIVE_INFINITY;
  }
}

export function writeHigh(directory: CgroupDirectory, bytes: number): void {
  directory.write('memory.high', bytes === Number.POSITIVE_INFINITY ? 'max' : String(bytes));
}
