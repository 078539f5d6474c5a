import type { EnforcedBy, MemoryDetails, MemoryReport, OomVictim } from '../../../types/outcome';
import type { Cage } from '../../cage/contract/cage';
import type { PolledCage, PolledMember } from '../../cage/polled-cage';
import { emptyGroup, notAnswered, notEmptied, openUnlimited, PATIENCE_MS, type Polled } from '../../cage/polled-group';
import type { PolledKill, PolledVictim } from '../../cage/polling/open-group';
import { NO_LIMITS } from '../../cgroup/controllers/limits-report';
import type { Cgroup } from '../../cgroup/handle/cgroup';
import { later } from '../../common/event-loop/timers';
import type { OomFacts } from '../../common/text/oom-words';
import type { HeldChild } from './held-child';
import type { KernelReport } from './kernel-report';

/** Nothing but the kernel counts these. */
const NO_DETAILS: MemoryDetails = {
  highBytes: null,
  limitHits: null,
  highHits: null,
  swapPeakBytes: null,
  pressure: null,
};

/** How often it looks whether something that was left running is still there. */
const SHORTEST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 1000;
/** The next look may have begun before. */
const LOOKS_UNTIL_FRESH = 2;

export interface PolledChildOptions {
  /** What the child leaves running in its private cage lives on. */
  keepDescendants: boolean;
  memoryDetails: boolean;
}

/**
 * One child's life in a polled cage. It lives in the cgroup of its parent process, and in one group of the sampler's for
 * itself, and for each cage around it.
 */
export class PolledChild implements HeldChild, PolledMember {
  readonly cgroup = undefined;
  readonly seesLimit = false;
  readonly #leaveCage: () => void;
  readonly #victims: OomVictim[] = [];
  #limitBytes: number | null = null;
  #pid: number | undefined;
  #failure: Error | undefined;

  /** A child in its own private cage, which closes with it. */
  static withCage(cage: PolledCage, options: PolledChildOptions): PolledChild {
    return new PolledChild(cage, cage, options);
  }

  /** A child of a shared cage. */
  static inShared(cage: PolledCage, options: Pick<PolledChildOptions, 'memoryDetails'>): PolledChild {
    cage.assertOpen();
    return new PolledChild(cage, openUnlimited(cage.enforcedBy), { ...options, keepDescendants: false });
  }

  private constructor(
    readonly cage: PolledCage,
    /** The child alone, with what it starts. */
    private readonly own: Polled,
    private readonly options: PolledChildOptions,
  ) {
    this.#leaveCage = cage.addMember(this);
  }

  get diesWithOwner(): boolean {
    return this.own !== this.cage;
  }

  get publicCage(): Cage<Cgroup | null> {
    return this.cage.publicCage;
  }

  get enforcedBy(): EnforcedBy {
    return this.cage.enforcedBy;
  }

  get ceilingBytes(): number {
    return this.cage.ceilingBytes;
  }

  get wasKilled(): boolean {
    return this.cage.wasKilled;
  }

  environment(env: string[]): string[] {
    return [...env, ...Array.from(this.#polled(), ({ marker }) => marker)];
  }

  started(pid: number | undefined, kill: () => void): void {
    this.#pid = pid;
    for (const { group } of this.#polled()) {
      if (pid !== undefined) group.add(pid, kill);
      else if (!group.expectChild(PATIENCE_MS)) throw notAnswered();
    }
  }

  abandon(): KernelReport {
    this.#reaped();
    if (this.#pid !== undefined) this.killAll();
    const report = this.#report();
    this.#gone();
    return report;
  }

  ended(
    _signal: NodeJS.Signals | null,
    _texts: readonly string[] | undefined,
    done: (report: KernelReport) => void,
  ): void {
    this.#reaped();
    if (this.options.keepDescendants) {
      done(this.#report());
      this.#goneOnceEmpty();
      return;
    }
    void this.#clear().then((error) => {
      const report = this.#report(error);
      this.#gone();
      done(report);
    });
  }

  endedNow(): KernelReport {
    this.#reaped();
    if (this.options.keepDescendants) {
      const report = this.#report();
      this.#goneOnceEmpty();
      return report;
    }
    const isEmpty = this.own.group.killAllNow(PATIENCE_MS);
    const report = this.#report(isEmpty ? undefined : notEmptied());
    this.#gone();
    return report;
  }

  killAll(): void {
    void this.own.group.killAll(PATIENCE_MS).catch(() => {});
  }

  noteKill({ limitBytes, victims }: PolledKill, by: PolledCage): readonly PolledVictim[] {
    const isOwn = by === this.own || by.hasOneMember;
    const own = isOwn ? victims : victims.filter((victim) => this.#isOwn(victim));
    if (own.length > 0) this.#limitBytes ??= limitBytes;
    // The group of a cage around may have killed them at the same time.
    const news = own.filter(({ pid }) => !this.#victims.some((known) => known.pid === pid));
    this.#victims.push(...news.map(({ pid, name }) => ({ pid, name })));
    return own;
  }

  noteFailure(error: Error): void {
    this.#failure ??= error;
  }

  /** Whether a victim of a cage around is the child, or was started by it. */
  #isOwn({ pid, groups }: PolledVictim): boolean {
    const { id } = this.own.group;
    return pid === this.#pid || (id !== undefined && groups.includes(id));
  }

  /** The groups that it belongs to. */
  #polled(): Set<Polled> {
    return new Set([this.own, ...this.cage.levels()]);
  }

  /** The child's pid may be another process's from now on. */
  #reaped(): void {
    for (const { group } of this.#polled()) {
      if (this.#pid === undefined) group.expectNoChild();
      else group.forget(this.#pid);
    }
  }

  /** Ends what the child left running, and brings what the sampler had to say up to now. */
  async #clear(): Promise<Error | undefined> {
    try {
      await emptyGroup(this.own.group);
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  #gone(): void {
    this.#leaveCage();
    if (this.own === this.cage) this.cage.conclude();
    else this.own.group.close();
  }

  /** @param fromLook no earlier look tells what the child has left */
  #goneOnceEmpty(fromLook = this.own.group.seen.looks + LOOKS_UNTIL_FRESH, waitMs = SHORTEST_WAIT_MS): void {
    const timer = later(() => {
      const { looks, processes } = this.own.group.seen;
      if (this.cage.isOver || (looks >= fromLook && processes === 0)) this.#gone();
      else this.#goneOnceEmpty(fromLook, Math.min(waitMs * 2, LONGEST_WAIT_MS));
    }, waitMs);
    timer.unref();
  }

  #report(failure?: Error): KernelReport {
    const error = failure ?? this.#failure;
    const { refusedAtBytes } = this.own.group.seen;
    return {
      oom: this.#verdict(),
      memory: this.#memory(),
      limits: { ...NO_LIMITS },
      ...(refusedAtBytes !== null && { refusedAtBytes }),
      ...(error !== undefined && { error }),
    };
  }

  #memory(): MemoryReport {
    const report = this.cage.reportOn(this.own.group);
    if (this.options.memoryDetails) report.details = { ...NO_DETAILS };
    return report;
  }

  #verdict(): OomFacts | null {
    // Brings what the sampler has told. It tells of a kill before the first victim dies.
    for (const { group } of this.cage.levels()) void group.seen;
    const victims = this.#victims;
    if (victims.length === 0) return null;
    return { cause: 'polled', kills: victims.length, limitBytes: this.#limitBytes, path: null, victims };
  }
}
