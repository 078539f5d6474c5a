import type { NativeBinding } from '../../../../types/native';
import type { Look, Process } from './process';

/** What is used of the addon, where it can be loaded. */
export type Pidfds = Pick<NativeBinding, 'pidfdOpen' | 'pidfdSendSignal' | 'closeFd'>;

/** The numbers of these signals, the same on every architecture that memcage's addon is for. */
const NUMBERS = { SIGSTOP: 19, SIGKILL: 9 } as const;

/**
 * - `sent`: the process has got it.
 * - `gone`: there is no such process any more.
 * - `refused`: this process may not send it one.
 */
export type Signalled = 'sent' | 'gone' | 'refused';

/** Sends a signal to that process, and to no other that has got its pid meanwhile. */
export function signal(
  process: Process,
  name: keyof typeof NUMBERS,
  look: Look,
  startTolerance: number,
  pidfds: Pidfds | undefined,
): Signalled {
  const isStill = (): boolean => {
    const found = look.find(process.pid);
    return found !== undefined && !(Math.abs(found.start - process.start) > startTolerance);
  };
  try {
    if (pidfds === undefined) return isStill() ? byPid(process.pid, name) : 'gone';
    const pidfd = pidfds.pidfdOpen({ pid: process.pid });
    try {
      // From here on the pidfd means this process, even if it ends.
      if (!isStill()) return 'gone';
      pidfds.pidfdSendSignal({ pidfd, signal: NUMBERS[name] });
      return 'sent';
    } finally {
      pidfds.closeFd({ fd: pidfd });
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') return 'gone';
    if (code === 'EPERM') return 'refused';
    // No fd is free, a kernel before 5.3, a seccomp filter: it must be killed nevertheless.
    if (pidfds !== undefined) return signal(process, name, look, startTolerance, undefined);
    throw error;
  }
}

function byPid(pid: number, name: keyof typeof NUMBERS): Signalled {
  process.kill(pid, name);
  return 'sent';
}

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
   * Called with what is about to be killed: at first all, then what has come meanwhile. Without those that this process may
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
