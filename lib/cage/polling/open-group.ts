import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { ThreadListener } from '../../common/event-loop/own-thread';
import { cancel, later, waitMs } from '../../common/event-loop/timers';
import { readProcStat } from '../../common/machine/proc';
import { type KnownGroup, killByPs, killHere } from './kill-without-sampler';
import type { PolledKill, SamplerReport } from './messages';
import { type Poller, samplerFor } from './poller';
import { ticksNow } from './sampling/process-stat';
import { type Seen, SharedState } from './shared-state';

export type { PolledKill, PolledVictim } from './messages';

/** How long this thread tries to kill a group while the sampler does not answer, and the event loop is blocked. */
const HERE_MS = 500;

/** How long this thread tries to kill a group whose sampler has failed, while the event loop goes on. */
const PATIENCE_MS = 10_000;
const LONGEST_PAUSE_MS = 250;

/** How many added processes are remembered in any case. */
const FEW = 100;

/** Processes whose memory is looked at again and again, and which are killed above a limit. */
export interface PolledGroup {
  /** What victims name it by; undefined: none does. */
  readonly id: number | undefined;
  /**
   * Belongs to the group from now on, with everything that it starts. Call it in the turn of the event loop in which
   * the process was started: its pid can't be another's then.
   *
   * @param kill sends it SIGKILL, where nothing else can. Not called once you {@link forget} it.
   */
  add(pid: number, kill: () => void): void;
  /** The process was reaped: its pid may be another's. What it has started stays in the group. */
  forget(pid: number): void;
  /**
   * Before this thread blocks until a child has ended whose pid it learns only then. Where nobody can read the marker,
   * every child of this process that is not there yet belongs to the group from now on. Blocks until those that are
   * there are known; false after timeoutMs.
   */
  expectChild(timeoutMs: number): boolean;
  /** The child of {@link expectChild} has ended, or was not started. */
  expectNoChild(): void;
  /**
   * What has been seen so far. May be asked while the event loop is blocked: it is in shared memory. `kills` counts
   * processes killed above the limit; once it is above 0, `onKill` has been called.
   */
  readonly seen: Seen;
  /**
   * Kills all processes of the group, by the sampler; returns at once. Resolves when none was found any more that this
   * process may kill. Keeps the event loop alive until then; false after timeoutMs.
   */
  killAll(timeoutMs: number): Promise<boolean>;
  /** {@link killAll}, but blocking (Atomics.wait): for synchronous calls and the end of the process. */
  killAllNow(timeoutMs: number): boolean;
  /** One more look now, blocking, so that a short life is measured; false after timeoutMs. */
  lookNow(timeoutMs: number): boolean;
  /** Stops looking. Kills nothing. */
  close(): void;
}

export interface GroupOptions {
  /** Above it the whole group is killed. Infinity: only measured. */
  limitBytes: number;
  /** `NAME=value` in the environment of every process of the group, which finds those whose parent has ended. */
  marker: string;
  /** Also called by `seen`, `lookNow()` and `killAllNow()`, while the event loop is blocked. */
  onKill(kill: PolledKill): void;
  /** The sampler has failed. Nothing looks at the group any more, and the error says whether all of it was killed. */
  onFailed?(error: Error): void;
  /** Only for tests: do as on that platform. */
  platform?: NodeJS.Platform;
}

/** Throws ERR_MEMCAGE_UNSUPPORTED where the memory of processes can't be sampled. Nothing was started then. */
export function openGroup(options: GroupOptions): PolledGroup {
  return new Group(options, samplerFor(options.platform ?? process.platform));
}

class Group implements PolledGroup, ThreadListener<SamplerReport> {
  readonly #options: GroupOptions;
  readonly #sampler: Poller;
  readonly #isLinux: boolean;
  readonly #state = SharedState.create();
  readonly #openedAt: number;
  readonly id: number;
  /** Starts by pid; NaN where they are not known. */
  readonly #added = new Map<number, number>();
  #mostAdded = FEW;
  /** How to kill what was added and is not reaped, by pid. */
  readonly #kills = new Map<number, () => void>();
  /** Who waits for the answer to a request. */
  readonly #killings = new Map<number, (isDone: boolean) => void>();
  #lastLook = 0;
  #lastKill = 0;
  #isClosed = false;

  constructor(options: GroupOptions, sampler: Poller) {
    this.#options = options;
    this.#sampler = sampler;
    this.#isLinux = (options.platform ?? process.platform) === 'linux';
    this.#openedAt = this.#isLinux ? ticksNow() : 0;
    this.id = sampler.add(this);
    const { limitBytes, marker } = options;
    const state = this.#state.buffer;
    sampler.send({ kind: 'open', group: this.id, limitBytes, marker, openedAt: this.#openedAt, state });
    // To start its thread takes longer than a child needs to fill its cage.
    if (!sampler.hasLooked && this.#isLinux && this.lookNow(PATIENCE_MS)) sampler.hasLooked = true;
  }

  get seen(): Seen {
    const seen = this.#state.seen;
    // The sampler sends the report of a kill before it counts the kill.
    if (seen.kills > 0) this.#sampler.deliverNow();
    return seen;
  }

  add(pid: number, kill: () => void): void {
    this.#kills.set(pid, kill);
    const start = this.#startOf(pid);
    // The process has ended already. What it has started has the marker.
    if (start === undefined) return;
    if (this.#added.size >= this.#mostAdded) this.#forgetEnded();
    this.#added.set(pid, start);
    this.#sampler.send({ kind: 'add', group: this.id, pid, start: Number.isNaN(start) ? null : start });
  }

  forget(pid: number): void {
    this.#kills.delete(pid);
  }

  expectChild(timeoutMs: number): boolean {
    if (this.#isLinux) return true;
    if (this.#sampler.isOver || this.#isClosed) return false;
    this.#sampler.send({ kind: 'expect', group: this.id, isExpected: true });
    return this.lookNow(timeoutMs);
  }

  expectNoChild(): void {
    if (this.#isLinux || this.#isClosed) return;
    this.#sampler.send({ kind: 'expect', group: this.id, isExpected: false });
  }

  killAll(timeoutMs: number): Promise<boolean> {
    if (this.#sampler.isOver || this.#isClosed) return this.#killWithoutSampler(timeoutMs);
    const request = this.#askToKill();
    const letGo = this.#sampler.holdLoop();
    return new Promise((resolve) => {
      const settle = (isDone: boolean): void => {
        cancel(timer);
        this.#killings.delete(request);
        letGo();
        resolve(isDone);
        this.#forgetIfDone();
      };
      const timer = later(settle, timeoutMs, false);
      this.#killings.set(request, settle);
    });
  }

  killAllNow(timeoutMs: number): boolean {
    if (!this.#sampler.isOver && !this.#isClosed) {
      const isDone = this.#state.waitFor('killed', this.#askToKill(), timeoutMs);
      this.#sampler.deliverNow();
      if (isDone) return true;
    }
    const isDone = killHere(this.#known, HERE_MS, this.#sampler.reserve);
    if (!isDone) this.#killAdded();
    return isDone;
  }

  lookNow(timeoutMs: number): boolean {
    if (this.#sampler.isOver || this.#isClosed) return false;
    this.#lastLook += 1;
    this.#sampler.send({ kind: 'look', group: this.id, request: this.#lastLook });
    const isDone = this.#state.waitFor('looked', this.#lastLook, timeoutMs);
    this.#sampler.deliverNow();
    return isDone;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sampler.send({ kind: 'close', group: this.id });
    this.#forgetIfDone();
  }

  onReport(report: SamplerReport): void {
    if (report.kind === 'over') {
      this.#options.onKill(report.kill);
      return;
    }
    for (const [request, settle] of this.#killings) if (request <= report.request) settle(true);
    this.#forgetIfDone();
  }

  async onFailed(cause: unknown): Promise<void> {
    this.#state.fail();
    let isDone = false;
    try {
      isDone = await this.#killWithoutSampler(PATIENCE_MS);
    } catch {
      // The error of the sampler is the one to tell.
    }
    for (const settle of this.#killings.values()) settle(isDone);
    if (!this.#isClosed) this.#options.onFailed?.(failureOf(cause, isDone));
  }

  get #known(): KnownGroup {
    return { marker: this.#options.marker, openedAt: this.#openedAt, added: this.#added };
  }

  #startOf(pid: number): number | undefined {
    if (!this.#isLinux) return Number.NaN;
    try {
      return Number(readProcStat(pid)[19]);
    } catch (error) {
      if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
      // No fd is free. The sampler finds out.
      return Number.NaN;
    }
  }

  #forgetEnded(): void {
    for (const [pid, start] of this.#added) {
      const current = this.#startOf(pid);
      // An unknown start, NaN, says nothing.
      if (current === undefined || Math.abs(current - start) > 0) this.#added.delete(pid);
    }
    this.#mostAdded = Math.max(FEW, 2 * this.#added.size);
  }

  #askToKill(): number {
    this.#lastKill += 1;
    this.#sampler.send({ kind: 'kill', group: this.id, request: this.#lastKill });
    return this.#lastKill;
  }

  async #killWithoutSampler(timeoutMs: number): Promise<boolean> {
    if (!this.#isLinux) {
      try {
        await killByPs(this.#added.keys());
      } finally {
        // Last, since what they have started is found by them.
        this.#killAdded();
      }
      return true;
    }
    const endMs = performance.now() + timeoutMs;
    for (let pauseMs = 1; !killHere(this.#known, 0, this.#sampler.reserve); pauseMs *= 2) {
      // At least these, if no fd is free to look for the others.
      this.#killAdded();
      if (performance.now() > endMs) return false;
      await waitMs(Math.min(pauseMs, LONGEST_PAUSE_MS));
    }
    return true;
  }

  #killAdded(): void {
    for (const kill of this.#kills.values()) kill();
  }

  #forgetIfDone(): void {
    if (this.#isClosed && this.#killings.size === 0) this.#sampler.delete(this.id);
  }
}

function failureOf(cause: unknown, isDone: boolean): MemcageError {
  const fate = isDone
    ? 'what it looked at was killed'
    : 'some of what it looked at may still run, and nothing looks at it';
  const message = `The thread that looks at the memory of processes has failed: ${fate} (${String(cause)})`;
  return new MemcageError(ErrorCode.UNSUPPORTED, message, { cause });
}
