import type { Look, Process } from './process';
import { type Pidfds, signal } from './signal';

/** A tree that goes on to start processes while it is being stopped is killed as it is. */
const MOST_ROUNDS_OF_STOPPING = 20;

const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 100;

export interface KillingOptions {
  pidfds: Pidfds | undefined;
  startTolerance: number;
  /** Windows has no SIGSTOP. */
  canStop: boolean;
  /**
   * These are about to be killed: at first all, then those that have come meanwhile. Without those that this process may
   * not send a signal, as far as that is known.
   */
  onFound(processes: readonly Process[]): void | Promise<void>;
}

/**
 * Kills all processes of a group, in rounds that each take what one more look has found. Stops all before it kills the
 * first: a process whose parent was killed could no longer be told from a stranger.
 */
export class Killing {
  readonly #options: KillingOptions;
  readonly #stopped = new Set<number>();
  readonly #refused = new Set<number>();
  readonly #found = new Set<number>();
  #phase: 'stopping' | 'stopped' | 'killing';
  #stops = 0;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(options: KillingOptions) {
    this.#options = options;
    this.#phase = options.canStop ? 'stopping' : 'stopped';
  }

  /** Whether the next look must have every process. */
  get needsAll(): boolean {
    return this.#phase === 'killing';
  }

  /** @returns milliseconds until the next round, or null if none is left that may be killed */
  async round(living: readonly Process[], look: Look): Promise<number | null> {
    if (this.#phase === 'stopping') {
      if (this.#stop(living, look)) return 0;
      this.#phase = 'stopped';
    }
    const isFirst = this.#phase === 'stopped';
    this.#phase = 'killing';
    const found = living.filter(({ pid }) => !this.#found.has(pid) && !this.#refused.has(pid));
    for (const { pid } of found) this.#found.add(pid);
    if (found.length > 0) await this.#options.onFound(found);
    for (const process of living) this.#send(process, 'SIGKILL', look);
    if (!isFirst && living.every(({ pid }) => this.#refused.has(pid))) return null;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    return pauseMs;
  }

  /** @returns whether they may have started others meanwhile */
  #stop(living: readonly Process[], look: Look): boolean {
    const running = living.filter(({ pid }) => !this.#stopped.has(pid));
    for (const process of running) {
      this.#stopped.add(process.pid);
      this.#send(process, 'SIGSTOP', look);
    }
    this.#stops += 1;
    return running.length > 0 && this.#stops < MOST_ROUNDS_OF_STOPPING;
  }

  #send(process: Process, name: 'SIGSTOP' | 'SIGKILL', look: Look): void {
    const answer = signal(process, name, look, this.#options.startTolerance, this.#options.pidfds);
    if (answer === 'refused') this.#refused.add(process.pid);
  }
}
