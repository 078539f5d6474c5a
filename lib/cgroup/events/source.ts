import type { CgroupDirectory } from '../directory/directory';
import type { CgroupEvent, CgroupEventName, CgroupEvents } from './cgroup-events';

type Emit = <N extends CgroupEventName>(name: N, ...args: CgroupEvents[N]) => void;

/** What a source works on. */
export interface SourceContext {
  directory: CgroupDirectory;
  emit: Emit;
}

/** A kernel fd that says when to look, and what to read then. */
export interface EventSource {
  readonly fd: number;
  /** `event`: an eventfd (v1). `priority`: an interface file that changes. */
  readonly kind: 'event' | 'priority';
  /**
   * Emits what has happened. Throws ERR_MEMCAGE_NO_CGROUP if the cgroup was removed; {@link conclude} then emits
   * the rest.
   *
   * @param timeMs when the kernel reported it
   * @param isTold false if the kernel has reported nothing, or not yet
   */
  look(timeMs: number, isTold: boolean): void;
  /**
   * The cgroup is gone: emits what that means, and what was not read before.
   *
   * @param isNotified v1: whether the kernel has counted the removal by now
   */
  conclude(timeMs: number, isNotified: boolean): void;
  close(): void;
  /** For one whose end the kernel waits for: closes it on another thread. */
  closeElsewhere?(): Promise<void>;
}

/** A source of several event names. */
export interface NamedSource<N extends CgroupEventName> extends EventSource {
  /** Someone begins to listen. */
  begin(name: N): void;
  end(name: N): void;
}

/** Converts a count of the kernel to counts of events. */
export class Tally {
  readonly #base: number;
  #last: number;

  /** @param now the kernel's count so far */
  constructor(now: number) {
    this.#base = now;
    this.#last = now;
  }

  /** Undefined if nothing has happened. */
  update(now: number, timeMs: number): CgroupEvent | undefined {
    if (now <= this.#last) return undefined;
    const count = now - this.#last;
    this.#last = now;
    return { count, totalCount: now - this.#base, timeMs };
  }
}

/** One tally for each name that someone listens to. */
export class Tallies<N extends CgroupEventName> {
  readonly #begun = new Map<N, Tally>();

  begin(name: N, now: number): void {
    this.#begun.set(name, new Tally(now));
  }

  end(name: N): void {
    this.#begun.delete(name);
  }

  has(name: N): boolean {
    return this.#begun.has(name);
  }

  /** Undefined if nothing has happened, or nobody listens. */
  update(name: N, now: number, timeMs: number): CgroupEvent | undefined {
    return this.#begun.get(name)?.update(now, timeMs);
  }
}
