import type { PolledKill } from '../messages';
import type { SharedState } from '../shared-state';
import type { Brakes } from './brakes';
import { Killing, type KillingOptions } from './killing';
import { GroupMembers } from './members';
import { Pace } from './pace';
import type { Look, Process } from './process';
import { ticksNow } from './process-stat';
import { Rush } from './rush';

/**
 * Resident memory counts what is shared several times, so with what is swapped out it is an upper bound, but for what the
 * kernel has not added up yet.
 */
const SURELY_BELOW = 0.95;

/** A change of resident memory by this part makes it worth to measure again, if that can be paid. */
const NEWS = 0.02;

/** Measured again after so long in any case: resident memory does not change while as much is swapped out as is taken. */
const OLD_MS = 500;

/** Resident memory near the limit is measured exactly so seldom that it takes this part of a processor at most. */
const MEASURING = 0.025;

/** How much above its limit one process can get before the kernel refuses it memory. */
const REFUSED_ABOVE = 0.02;

const UNKILLABLE_PAUSE_MS = 100;

/** How a group is killed, and what else it needs of the sampler. */
export interface GroupContext extends Omit<KillingOptions, 'onFound'> {
  /** This process. */
  self: number;
  names(processes: readonly Process[]): Promise<Process[]> | readonly Process[];
  /** All groups that a process belongs to. */
  groupsOf(process: Process): number[];
  /** Has each group that one of these belongs to looked at the next time. */
  lookSoon(processes: readonly Process[]): void;
  brakes: Brakes;
  onOver(kill: PolledKill): void;
  onKilled(request: number): void;
}

/** One group as the sampler knows it. */
export class SampledGroup {
  readonly members: GroupMembers;
  /** When the group has to be looked at next, as performance.now() tells the time. */
  dueMs = 0;
  readonly #pace = new Pace();
  #killing: Killing | undefined;
  #lookAsked = 0;
  #lookDone = 0;
  #killAsked = 0;
  #killDone = 0;
  /** The last look, by pid. */
  #before: ReadonlyMap<number, Process> = new Map();
  readonly #rush = new Rush();
  #measuringMs = 0;
  #measuredRss = 0;
  #measuredMs = Number.NEGATIVE_INFINITY;
  /** What resident memory counted too often when that was measured. Negative: what it did not have, swapped out. */
  #sharedBytes = 0;
  #isClosed = false;

  constructor(
    readonly id: number,
    readonly limitBytes: number,
    marker: string,
    openedAt: number,
    readonly state: SharedState,
    private readonly context: GroupContext,
  ) {
    this.members = new GroupMembers({ marker, openedAt, startTolerance: context.startTolerance, self: context.self });
  }

  /** Nothing remains to be done. */
  get isOver(): boolean {
    return this.#isClosed && this.#killing === undefined && this.#killAsked === this.#killDone;
  }

  get isKilling(): boolean {
    return this.#killing !== undefined;
  }

  get needsAll(): boolean {
    return this.#killing?.needsAll === true;
  }

  /** What may not wait until it can be paid. */
  get isUrgent(): boolean {
    return (
      this.isKilling ||
      this.#lookAsked !== this.#lookDone ||
      this.#killAsked !== this.#killDone ||
      this.#pace.rushes(this.limitBytes)
    );
  }

  askForLook(request: number): void {
    this.#lookAsked = request;
    this.dueMs = 0;
  }

  askToKill(request: number): void {
    this.#killAsked = request;
    this.dueMs = 0;
  }

  close(): void {
    this.#isClosed = true;
  }

  /**
   * Judges what a look has found, and kills where that is due.
   *
   * @param canMeasure there is time for what is not urgent
   * @returns milliseconds until the next look
   */
  async take(look: Look, canMeasure: boolean): Promise<number> {
    const living = this.members.living(look);
    const usageBytes = this.#usage(living, look, canMeasure || this.#lookAsked !== this.#lookDone);
    this.#noteEnded(living);
    this.state.saw(usageBytes, living.length);
    if (this.#lookAsked !== this.#lookDone) {
      this.#lookDone = this.#lookAsked;
      this.state.answer('looked', this.#lookDone);
    }
    if (usageBytes > this.limitBytes && !this.#isClosed) this.#killing ??= this.#killForMemory(usageBytes, living);
    if (this.#killAsked !== this.#killDone) {
      this.members.spareNone();
      this.#killing ??= new Killing({ ...this.context, onFound: () => {} });
    }
    const doomed = living.filter(({ pid }) => !this.members.isSpared(pid));
    const pauseMs = this.#killing === undefined ? null : await this.#killing.round(doomed, look);
    if (this.#killing !== undefined && pauseMs === null) {
      this.#killing = undefined;
      this.members.spareNone();
      this.#answerKill();
      // Only what this process may not kill: the next attempt need not come soon.
      if (doomed.length > 0) return UNKILLABLE_PAUSE_MS;
    }
    const nextMs = this.#pace.after(usageBytes, this.limitBytes, performance.now());
    if (pauseMs === null) this.#brake(living, usageBytes, look);
    this.#before = new Map(living.map((process) => [process.pid, process]));
    return pauseMs ?? nextMs;
  }

  /** Who has ended with a brake may have ended because of it. */
  #noteEnded(living: readonly Process[]): void {
    const alive = new Set(living.map(({ pid }) => pid));
    const ended = [...this.#before.values()].filter(({ pid }) => !alive.has(pid));
    for (const process of ended) {
      const limitBytes = this.context.brakes.limitOf(process);
      if (limitBytes !== undefined) this.state.refusedAt(limitBytes);
    }
  }

  /** Lets each process that is about to reach the limit have what is left of that, and hardly more. */
  #brake(living: readonly Process[], usageBytes: number, look: Look): void {
    const leftBytes = this.limitBytes - usageBytes;
    const isFast = !this.#isClosed && this.#pace.isFast;
    this.#rush.keep(living);
    for (const process of living) {
      const now = isFast || !this.#rush.knows(process) ? look.footprint(process) : undefined;
      const rushes = now !== undefined && this.#rush.rushes(process, now.usedBytes, leftBytes, this.limitBytes);
      if (rushes)
        this.context.brakes.put(this, process, now.reservedBytes + leftBytes + this.limitBytes * REFUSED_ABOVE, look);
      else this.context.brakes.lift(this.id, process, look);
    }
  }

  #answerKill(): void {
    if (this.#killAsked === this.#killDone) return;
    this.#killDone = this.#killAsked;
    this.state.answer('killed', this.#killDone);
    this.context.onKilled(this.#killDone);
  }

  #usage(living: readonly Process[], look: Look, canMeasure: boolean): number {
    const rssBytes = living.reduce((sum, process) => sum + process.rssBytes, 0);
    const isNear = rssBytes - Math.min(0, this.#sharedBytes) > this.limitBytes * SURELY_BELOW;
    const isNews = Math.abs(rssBytes - this.#measuredRss) > rssBytes * NEWS;
    const nowMs = performance.now();
    const isOld = living.length > 0 && nowMs > this.#measuredMs + OLD_MS;
    const isPaid = nowMs > this.#measuredMs + this.#measuringMs / MEASURING;
    const isOver = rssBytes - this.#sharedBytes > this.limitBytes;
    const isDue =
      isOver ||
      (isNear && isPaid) ||
      (isOld && this.limitBytes !== Number.POSITIVE_INFINITY) ||
      (canMeasure && (isNews || isOld));
    // While it is being killed nothing depends on the figure.
    if (this.#killing !== undefined || !isDue) return Math.max(0, rssBytes - this.#sharedBytes);
    const usageBytes = look.measure(living);
    this.#measuredRss = rssBytes;
    this.#measuredMs = performance.now();
    this.#measuringMs = this.#measuredMs - nowMs;
    this.#sharedBytes = rssBytes - usageBytes;
    return usageBytes;
  }

  #killForMemory(usageBytes: number, living: readonly Process[]): Killing {
    const timeMs = Date.now();
    // They are stopped until then. The group of a child in this cage may not have been looked at since the child has started.
    this.context.lookSoon(living);
    return new Killing({
      ...this.context,
      onFound: async (found) => {
        // Only Linux finds processes by their marker.
        this.members.spareNew(process.platform === 'linux' ? ticksNow() : Number.POSITIVE_INFINITY);
        const { groupsOf, names } = this.context;
        // Before anything is awaited: it depends on who lives at this look.
        const groups = new Map(found.map((process) => [process.pid, groupsOf(process)]));
        const victims = (await names(found)).map(({ pid, name }) => {
          return { pid, name, groups: groups.get(pid) ?? [] };
        });
        // Before the first dies: whoever learns of its end must find here why.
        this.context.onOver({ count: victims.length, usageBytes, limitBytes: this.limitBytes, victims, timeMs });
        this.state.addKills(victims.length);
      },
    });
  }
}
