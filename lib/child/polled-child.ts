import type { EnforcedBy, MemoryDetails, MemoryReport, OomVerdict, OomVictim } from '../../types/outcome';
import { emptyGroup, notEmptied, PATIENCE_MS } from '../cage/polled/empty-group';
import { openLeaf, type Polled } from '../cage/polled/open-polled';
import type { PolledCage, PolledMember } from '../cage/polled/polled-cage';
import { forgetReaped } from '../cage/polled/unmeasured-group';
import type { Cage } from '../contract/cage';
import { ErrorCode, MemcageError } from '../errors/errors';
import type { PolledKill } from '../polling/open-group';
import type { HeldChild } from './held-child';
import type { KernelReport } from './kernel-report';

/** Nothing but the kernel counts these. */
const NO_DETAILS: MemoryDetails = {
  highBytes: null,
  limitHits: null,
  highHits: null,
  swapPeakBytes: null,
  stall: null,
};

/** How often it looks whether something that was left running is still there. */
const SHORTEST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 1000;
/** How long a look may block. */
const LOOK_MS = 1000;

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
  readonly home = undefined;
  readonly seesLimit = false;
  readonly #leaveCage: () => void;
  readonly #kills: { count: number; limitBytes: number; victims: OomVictim[] }[] = [];
  readonly #killsBefore = new Map<PolledCage, number>();
  #pid: number | undefined;
  #failure: Error | undefined;

  /** A child in its own private cage, which closes with it. */
  static withCage(cage: PolledCage, options: PolledChildOptions): PolledChild {
    return new PolledChild(cage, cage, options);
  }

  /** A child of a shared cage. */
  static within(cage: PolledCage, options: Pick<PolledChildOptions, 'memoryDetails'>): PolledChild {
    cage.assertOpen();
    return new PolledChild(cage, openLeaf(cage.enforcedBy), { ...options, keepDescendants: false });
  }

  private constructor(
    readonly cage: PolledCage,
    /** The child alone, with what it starts. */
    private readonly own: Polled,
    private readonly options: PolledChildOptions,
  ) {
    this.#leaveCage = cage.addMember(this);
  }

  get self(): Cage {
    return this.cage.self;
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

  started(pid: number | undefined): void {
    this.#pid = pid;
    for (const cage of this.cage.levels()) this.#killsBefore.set(cage, cage.group.seen.kills);
    if (pid === undefined) return;
    for (const { group } of this.#polled()) group.add(pid);
  }

  abandon(): KernelReport {
    this.#reaped();
    const report = this.#report(null);
    this.#gone();
    return report;
  }

  ended(
    signal: NodeJS.Signals | null,
    _texts: readonly string[] | undefined,
    done: (report: KernelReport) => void,
  ): void {
    this.#reaped();
    if (this.options.keepDescendants) {
      done(this.#report(signal));
      this.#goneOnceEmpty();
      return;
    }
    void this.#clear().then((error) => {
      const report = this.#report(signal, error);
      this.#gone();
      done(report);
    });
  }

  endedNow(signal: NodeJS.Signals | null): KernelReport {
    this.#reaped();
    if (this.options.keepDescendants) {
      const report = this.#report(signal);
      this.#goneOnceEmpty();
      return report;
    }
    const isEmpty = this.own.group.killAllNow(PATIENCE_MS);
    const report = this.#report(signal, isEmpty ? undefined : notEmptied('The cage'));
    this.#gone();
    return report;
  }

  killAll(): void {
    void this.own.group.killAll().catch(() => {});
  }

  noteKill({ count, limitBytes, victims }: PolledKill, { isAlone }: { isAlone: boolean }): void {
    if (isAlone || this.cage === this.own) {
      this.#kills.push({ count, limitBytes, victims });
      return;
    }
    // The kill took other children too, and only this pid is known to be of this one.
    const own = victims.filter(({ pid }) => pid === this.#pid);
    if (own.length > 0) this.#kills.push({ count: own.length, limitBytes, victims: own });
  }

  noteFailure(error: Error): void {
    this.#failure ??= error;
  }

  /** The groups that it belongs to. */
  #polled(): Set<Polled> {
    return new Set([this.own, ...this.cage.levels()]);
  }

  /** Its pid may be another process's from now on. */
  #reaped(): void {
    if (this.#pid === undefined) return;
    for (const { group } of this.#polled()) forgetReaped(group, this.#pid);
  }

  /** Also brings what the sampler had to say up to now. */
  async #clear(): Promise<Error | undefined> {
    try {
      await emptyGroup(this.own.group, 'The cage');
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

  #goneOnceEmpty(waitMs = SHORTEST_WAIT_MS): void {
    const timer = setTimeout(() => {
      const { group } = this.own;
      if (group.lookNow(LOOK_MS) && group.seen.processes === 0) this.#gone();
      else this.#goneOnceEmpty(Math.min(waitMs * 2, LONGEST_WAIT_MS));
    }, waitMs);
    timer.unref();
  }

  #report(signal: NodeJS.Signals | null, failure?: Error): KernelReport {
    const error = failure ?? this.#explainFailure();
    return { oom: this.#verdict(signal), memory: this.#memory(), ...(error !== undefined && { error }) };
  }

  #memory(): MemoryReport {
    const report = this.cage.reportOn(this.own.group);
    return this.options.memoryDetails ? { ...report, details: NO_DETAILS } : report;
  }

  #verdict(signal: NodeJS.Signals | null): OomVerdict | null {
    const [first] = this.#kills;
    if (first !== undefined) {
      const kills = this.#kills.reduce((sum, { count }) => sum + count, 0);
      const victims = this.#kills.flatMap((kill) => kill.victims);
      return { cause: 'polled', kills, limitBytes: first.limitBytes, path: null, victims };
    }
    // The sampler counts before it tells. With other children in the cage, the count says nothing of this one.
    if (signal !== 'SIGKILL') return null;
    const level = this.cage.levels().find((cage) => cage.group.seen.kills > (this.#killsBefore.get(cage) ?? Infinity));
    return level === undefined
      ? null
      : { cause: 'polled', kills: 1, limitBytes: level.limitBytes, path: null, victims: null };
  }

  /** Something that nobody looks at any more was killed. */
  #explainFailure(): MemcageError | undefined {
    if (this.#failure === undefined) return undefined;
    return new MemcageError(
      ErrorCode.UNSUPPORTED,
      `The cage can't be polled any more, so that all in it was killed: ${this.#failure.message}`,
      { cause: this.#failure },
    );
  }
}
