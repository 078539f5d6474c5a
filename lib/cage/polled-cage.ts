import type { EnforcedBy, MemoryReport } from '../../types/outcome';
import type { Cgroup } from '../cgroup/handle/cgroup';
import { closedError, ErrorCode, MemcageError } from '../common/errors/errors';
import { words } from '../common/errors/words';
import { keptInJson } from '../common/text/json';
import { inWords } from '../common/text/oom-words';
import type { NodeHeapSetting } from '../process/node-heap';
import type { ChildSettings } from '../process/settings/child-settings';
import { BaseCage, type ChildDefaults, EXIT_PATIENCE_MS } from './base-cage';
import type { Cage } from './contract/cage';
import type { CageEvents } from './contract/cage-events';
import { emptyGroup, openPolled, type Polled } from './polled-group';
import type { PolledGroup, PolledKill, PolledVictim } from './polling/open-group';

/** No pid is another process's so soon after its process was killed. */
const SAME_KILL_MS = 1000;

export interface PolledCageOptions {
  /** What holds the limits: the sampler, or nothing. */
  enforcedBy: EnforcedBy;
  /** The limit that was asked for; `Infinity` without one. With `none` nothing holds it. */
  limitBytes: number;
  /** The cage that this one is in. They end together. */
  outer: PolledCage | undefined;
  /** The cage stays when this process ends. */
  outlivesOwner: boolean;
}

/** A child in the cage, which learns of the kills that may have been of it. */
export interface PolledMember {
  readonly cage: PolledCage;
  /**
   * @param by whose limit was exceeded: the child's cage, or one around
   * @returns the victims that are of this child
   */
  noteKill(kill: PolledKill, by: PolledCage): readonly PolledVictim[];
  noteFailure(error: Error): void;
}

/** A cage without a cgroup. By itself it is the private cage of one child. */
export class PolledCage extends BaseCage implements Polled {
  readonly enforcedBy: EnforcedBy;
  /** @internal */
  readonly group: PolledGroup;
  /** @internal */
  readonly marker: string;
  /** @internal What it kills at; `Infinity` if it only measures. */
  readonly limitBytes: number;
  /** @internal The lowest limit that was asked for, for it and the cages around it, be it held or not. */
  readonly ceilingBytes: number;
  declare protected readonly around: PolledCage | undefined;
  declare protected readonly inner: Set<PolledCage>;
  readonly #members = new Set<PolledMember>();
  /** When a victim was told of, by pid. */
  readonly #told = new Map<number, number>();
  #kills = 0;
  #failure: Error | undefined;

  /** @internal */
  constructor({ enforcedBy, limitBytes, outer, outlivesOwner }: PolledCageOptions) {
    super(outer);
    this.enforcedBy = enforcedBy;
    this.limitBytes = enforcedBy.kind === 'none' ? Number.POSITIVE_INFINITY : limitBytes;
    this.ceilingBytes = Math.min(limitBytes, outer?.ceilingBytes ?? Number.POSITIVE_INFINITY);
    const { group, marker } = openPolled({
      kind: enforcedBy.kind,
      limitBytes: this.limitBytes,
      onKill: (kill) => this.#killedFor(kill),
      onFailed: (error) => this.#failed(error),
    });
    this.group = group;
    this.marker = marker;
    this.enter({ outlivesOwner });
  }

  /** There is none. */
  get cgroup(): null {
    return null;
  }

  /** See {@link Cage}. */
  setLimits(): never {
    throw new MemcageError(ErrorCode.UNSUPPORTED, `The limits of this cage can't change: it is ${this.#why}`);
  }

  /** Number of processes of the cage that were killed for memory so far, as counted by the event `oom`. */
  get oomKills(): number {
    return this.#kills;
  }

  /** @internal See {@link BaseCage.wasKilled}. */
  override get wasKilled(): boolean {
    return super.wasKilled || this.closed;
  }

  /** @internal Nobody looks at it any more: it is closed, or the sampler has failed, and has taken all of it along. */
  get isOver(): boolean {
    return this.isClosed || this.#failure !== undefined;
  }

  /** @internal */
  assertOpen(): void {
    if (this.closed) throw closedError('The cage');
    if (this.#failure !== undefined && this.enforcedBy.kind === 'polled') {
      const { message, words: why = message } = this.#failure as Error & Pick<MemcageError, 'words'>;
      throw new MemcageError(ErrorCode.UNSUPPORTED, words`The cage holds nothing any more: ${why}`, {
        cause: this.#failure,
      });
    }
    this.around?.assertOpen();
  }

  /** @internal The groups that hold a process of this cage: its own, and those of the cages around. */
  levels(): PolledCage[] {
    return [this, ...(this.around?.levels() ?? [])];
  }

  /** @internal Registers a child. Until you call the returned function, nobody has read the child's end. */
  addMember(member: PolledMember): () => void {
    this.#members.add(member);
    return () => void this.#members.delete(member);
  }

  /** @internal A report on what a group of this cage has seen. A peak of 0: no look found any process. */
  reportOn(group: PolledGroup | undefined): MemoryReport {
    const peakBytes = (group?.seen.peakBytes ?? 0) || null;
    return keptInJson({ limitBytes: this.limitBytes, peakBytes, swapLimited: false, details: null });
  }

  /** @internal Closes the cage, blocking: at the end of the process. */
  closeNow(): void {
    if (this.isClosed) return;
    this.hasKilled = true;
    if (this.group.killAllNow(EXIT_PATIENCE_MS)) this.conclude();
  }

  /** @internal Nothing is left in it. */
  conclude(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const cage of this.inner) cage.conclude();
    this.group.close();
    this.leave();
  }

  protected get title(): string {
    return this.enforcedBy.kind;
  }

  protected facts(): object {
    const { limitBytes } = this;
    const { usageBytes, peakBytes, processes } = this.group.seen;
    return { limitBytes, usageBytes, peakBytes, processes, children: this.#members.size };
  }

  protected empty(): Promise<void> {
    return emptyGroup(this.group);
  }

  protected async end(): Promise<void> {
    this.hasKilled = true;
    // The cage's children end one by one, each with a report of its own.
    await emptyGroup(this.group, () => this.#allMembers().length === 0);
    this.conclude();
  }

  /** @internal */
  protected override listeningBegins(name: keyof CageEvents): void {
    if (name === 'threshold' || name === 'cpuTime' || name === 'stall') {
      throw new MemcageError(
        ErrorCode.UNSUPPORTED,
        `Only the kernel tells of the event '${name}': the cage is ${this.#why}`,
      );
    }
  }

  /** @internal */
  protected override listeningEnds(): void {}

  get #why(): string {
    const { kind, reason } = this.enforcedBy;
    return `${kind === 'polled' ? 'polled' : 'only measured'}, since the kernel can't hold it: ${reason}`;
  }

  #killedFor(kill: PolledKill): void {
    const within = new Map<PolledCage, PolledVictim[]>();
    for (const member of this.#allMembers()) {
      const own = member.noteKill(kill, this);
      for (let at: PolledCage | undefined = member.cage; at !== undefined && at !== this; at = at.around) {
        within.set(at, [...(within.get(at) ?? []), ...own]);
      }
    }
    for (const [cage, victims] of within) cage.#tell({ ...kill, victims });
    for (const cage of this.levels()) cage.#tell(kill);
  }

  #failed(error: Error): void {
    this.#failure = error;
    for (const member of this.#allMembers()) member.noteFailure(error);
  }

  /** @internal Whether there is no more than one child in it and in the cages within it. */
  get hasOneMember(): boolean {
    return this.#allMembers().length <= 1;
  }

  /** The children in it and in the cages within it. */
  #allMembers(): PolledMember[] {
    return [...this.#members, ...Array.from(this.inner, (cage) => cage.#allMembers()).flat()];
  }

  /** Tells each victim once: the group of this cage and that of a cage around or within may have killed the same process. */
  #tell({ limitBytes, victims: found, timeMs }: PolledKill): void {
    for (const [pid, toldMs] of this.#told) if (timeMs - toldMs > SAME_KILL_MS) this.#told.delete(pid);
    const victims = found.filter(({ pid }) => !this.#told.has(pid)).map(({ pid, name }) => ({ pid, name }));
    if (victims.length === 0) return;
    for (const { pid } of victims) this.#told.set(pid, timeMs);
    const kills = victims.length;
    this.#kills += kills;
    const told = inWords({ cause: 'polled', kills, limitBytes, path: null, victims });
    this.tellOom({ ...told, totalKills: this.#kills, underOom: false, timeMs });
  }
}

/** A polled cage for many children. Each has a group of its own too, which measures it and finds what it leaves. */
export class SharedPolledCage extends PolledCage {
  /** @internal */
  readonly nodeHeap: NodeHeapSetting;
  /** @internal */
  readonly settings: ChildSettings;

  /** @internal Use `createCage()`. */
  constructor(options: Omit<PolledCageOptions, 'outlivesOwner'>, { nodeHeap, settings }: ChildDefaults) {
    super({ ...options, outlivesOwner: false });
    this.nodeHeap = nodeHeap;
    this.settings = settings;
  }
}

/** What a cage without a cgroup uses, in bytes. */
export interface SeenMemory {
  /** At the last look. */
  usageBytes: number;
  /** The highest of all looks. */
  peakBytes: number;
}

/**
 * What was seen of a cage that memcage polls; undefined before a look has found a process in it, and of any other cage.
 *
 * @param waitMs how long to block until there was one more look; 0: not at all
 */
export function seenOf(cage: Cage<Cgroup | null>, waitMs: number): SeenMemory | undefined {
  if (!(cage instanceof PolledCage)) return undefined;
  if (waitMs > 0) cage.group.lookNow(waitMs);
  const { usageBytes, peakBytes } = cage.group.seen;
  return usageBytes === null || peakBytes === null || peakBytes === 0 ? undefined : { usageBytes, peakBytes };
}
