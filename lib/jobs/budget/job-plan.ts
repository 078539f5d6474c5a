import type { MemoryOption } from '../../../types/options';
import type { MemberOptions, SpawnOptions } from '../../cage/contract/cage';
import { type CageLimits, memoryAndSwap } from '../../cgroup/limits/cage-limits';
import { invalidArgument } from '../../common/errors/argument-errors';
import { alreadyRead, type Called } from '../../common/options/accepted-options';
import { withoutPrototype } from '../../common/options/option-names';
import { plainCopy } from '../../common/options/plain-copy';
import { isOptions } from '../../process/node-call';
import { fitsIn, type NodeHeapSetting } from '../../process/node-heap';
import { splitOptions } from '../../start/request/cage-options';
import type { Need } from './admission/admission';
import type { BudgetCore } from './budget-core';
import { checkJobOptions, needOf, type OwnJobOptions } from './job-options';
import type { JobRequest } from './jobs';

type GivenOptions = MemberOptions<SpawnOptions> & { key?: string; priority?: number };

/** What is known of a job before it waits, and the options with which it is started then. */
export class JobPlan {
  readonly own: OwnJobOptions;
  readonly keepsDescendants: boolean;
  readonly #options: Omit<GivenOptions, 'key' | 'priority'>;
  readonly #asked: Need;
  readonly #memory: CageLimits['memory'];
  readonly #nodeHeap: NodeHeapSetting;
  /** Whether its caller has said how much it needs. */
  readonly #isSized: boolean;
  /** The limits at which it was killed, lowest first. */
  readonly #killedAt: number[] = [];
  #raisedBytes: number | undefined;

  /**
   * @param given the caller's, unchecked
   *
   * @throws TypeError or RangeError for one that is wrong
   */
  constructor(
    private readonly core: BudgetCore,
    given: unknown,
    called: Called,
  ) {
    if (!isOptions(given)) throw invalidArgument('options', "an object with memory, such as { memory: '512M' }", given);
    const { key, priority, ...others } = plainCopy(called.read(given as GivenOptions));
    const options = withoutPrototype(others);
    this.own = checkJobOptions({ key, priority, signal: options.signal });
    this.#isSized = options.memory !== undefined;
    if (key !== undefined && core.learner !== undefined) options.memory ??= core.capacity.memoryBytes;
    this.#options = options;
    const { own } = splitOptions(this.#within(options.memory), alreadyRead(called));
    this.#asked = needOf(own.limits ?? {}, core.capacity);
    this.#memory = own.limits?.memory ?? {};
    this.#nodeHeap = own.nodeHeap;
    this.keepsDescendants = own.keepDescendants;
  }

  /** What the job takes now. */
  get need(): Need {
    const asked = this.#asked;
    const memoryBytes = this.#raisedBytes ?? this.#learnedBytes ?? asked.memoryBytes;
    return memoryBytes === asked.memoryBytes ? asked : { ...asked, memoryBytes };
  }

  /** The highest limit at which it was killed; null if it was not. */
  get killedAtBytes(): number | null {
    return this.#killedAt.at(-1) ?? null;
  }

  /** Takes a higher limit for the next attempt, after a kill at this one. False if there is none to try. */
  raiseAbove(limitBytes: number): boolean {
    const { learner } = this.core;
    const { key } = this.own;
    if (learner === undefined || key === undefined) return false;
    const next = learner.limitAfterKill(limitBytes, this.#killedAt.length + 1);
    if (next === undefined) return false;
    this.#killedAt.push(limitBytes);
    this.#raisedBytes = next;
    return true;
  }

  request(file: unknown, canStartAgain: boolean): JobRequest {
    return { ...this.own, file: String(file), isFollowed: true, need: () => this.need, canStartAgain };
  }

  /** Options of a start in the budget's cage, with this limit. */
  optionsFor({ memoryBytes }: Need): object {
    const { memory } = this.#options;
    if (memoryBytes === this.#asked.memoryBytes) return this.#within(memory);
    const options = this.#within(typeof memory === 'object' ? { ...memory, max: memoryBytes } : memoryBytes);
    const fits = fitsIn(this.#nodeHeap, memoryAndSwap({ memory: { ...this.#memory, max: memoryBytes } }));
    return fits ? options : { ...options, nodeHeap: 'auto' };
  }

  get #learnedBytes(): number | undefined {
    const { learner } = this.core;
    const { key } = this.own;
    if (learner === undefined || key === undefined) return undefined;
    return learner.limitFor(key) ?? (this.#isSized ? undefined : learner.firstLimit());
  }

  #within(memory: MemoryOption | undefined): object {
    return { ...this.#options, ...(memory !== undefined && { memory }), cage: this.core.cage };
  }
}
