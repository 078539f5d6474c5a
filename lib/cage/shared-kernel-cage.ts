import { type CageLimits, lowerOfBoth, withinAround } from '../cgroup/limits/cage-limits';
import {
  firstLimits,
  followLimits,
  isSameRepeated,
  limitsToRepeat,
  type RepeatedLimits,
} from '../cgroup/limits/leaf-limits';
import type { ResolvedThreshold } from '../cgroup/limits/resolve-thresholds';
import { cageName, leafName } from '../cgroup/names/own-names';
import { undoPatiently } from '../cgroup/processes/remove-cgroup';
import { closedError, ErrorCode, MemcageError } from '../common/errors/errors';
import type { NodeHeapSetting } from '../process/node-heap';
import type { ChildSettings } from '../process/settings/child-settings';
import type { ChildDefaults } from './base-cage';
import type { CageCgroup } from './cgroup/cage-cgroup';
import { makeBelow, makeCageCgroup, makeForLoans, withFreeName } from './cgroup/make-cage-cgroup';
import type { ResolvedEvidence } from './evidence/resolve-evidence';
import { KernelCage } from './kernel-cage';
import { asTooSmall } from './limit-too-small';
import { MadeAhead } from './made-ahead';
import { withCageRoot } from './root/cage-roots';

/** How a shared cage is made, and what its children get. */
export interface SharedCageOptions {
  limits: CageLimits;
  /** The cage in which to make it, or the path of the cgroup. Default: the default parent. */
  within: SharedKernelCage | string | undefined;
  defaults: ChildDefaults;
  /** Limits that each child has besides. */
  perChild: CageLimits | undefined;
  /** Where the cage emits 'threshold'. */
  thresholds: readonly ResolvedThreshold[];
  /** Undefined: none is taken. */
  evidence: ResolvedEvidence | undefined;
  /** It is a budget's. */
  budget: boolean;
}

/**
 * One limit for many children. Each child lives in its own leaf below the cage's cgroup, so that it has its own verdict
 * and may have cgroups below it (v2). The leaf repeats the cage's limit, since a program reads only the limit of its
 * own cgroup; `Cgroup.setLimits()` has it follow.
 */
export class SharedKernelCage extends KernelCage {
  /** @internal */
  readonly nodeHeap: NodeHeapSetting;
  /** @internal */
  readonly settings: ChildSettings;
  /** @internal Each child has these limits too. */
  readonly perChild: CageLimits | undefined;
  readonly #evidence: ResolvedEvidence | undefined;
  #made = 0;
  /** By what they repeat. */
  readonly #leaves = new MadeAhead<RepeatedLimits, CageCgroup>({
    make: (repeated) => this.#makeLeaf(repeated, { ahead: true }),
    isSameKind: isSameRepeated,
    begin: (leaf) => leaf.monitor.begin(),
    discard: (leaf) => undoPatiently(() => this.removeLeaf(leaf)),
  });

  /** @internal Use `createCage()`. */
  constructor({ limits, within, defaults, perChild, thresholds, evidence, budget }: SharedCageOptions) {
    const outer = within instanceof SharedKernelCage ? within : undefined;
    super(createCageCgroup(limits, { within, budget }), { outlivesOwner: false, outer });
    this.watchUsage(thresholds);
    this.nodeHeap = defaults.nodeHeap;
    this.settings = defaults.settings;
    this.perChild = bothOf(perChild, outer?.perChild);
    this.#evidence = evidence;
    if (evidence === undefined) return;
    try {
      makeForLoans(this.cageCgroup, evidence);
      this.cageCgroup.takeEvidence(evidence);
    } catch (error) {
      this.closeNow();
      throw error;
    }
  }

  /** @internal */
  assertOpen(): void {
    if (this.closed) throw closedError(`The cage ${this.cgroup.path}`);
  }

  /** @internal Makes a leaf for one child, ahead of its start if possible, and watches it for OOM kills. */
  createLeaf(): CageCgroup {
    this.#assertStarts();
    const { memory, version } = this.cageCgroup;
    const repeated = limitsToRepeat(memory, version);
    const leaf = this.#leaves.take(repeated) ?? this.#makeLeaf(repeated);
    if (this.#evidence === undefined || this.perChild?.memory.max === undefined) return leaf;
    try {
      makeForLoans(leaf, this.#evidence);
      leaf.takeEvidence(this.#evidence);
      return leaf;
    } catch (error) {
      undoPatiently(() => this.removeLeaf(leaf));
      throw error;
    }
  }

  /**
   * @internal Throws what the start of a child would throw, as far as that can be known without making anything.
   *
   * @param own the child's own limits; undefined if it has none
   */
  foresee(own: CageLimits | undefined): void {
    this.#assertStarts();
    const { memory, version, homes, root } = this.cageCgroup;
    const limits =
      own === undefined ? leafLimits(limitsToRepeat(memory, version), this.perChild).limits : this.#withPerChild(own);
    root.foresee(withinAround(limits, homes.cpu));
  }

  /** @internal True once nothing of it is left; false while processes are in it. */
  removeLeaf(leaf: CageCgroup): boolean {
    if (!leaf.tryRemove()) return false;
    this.reporter.forget(leaf);
    return true;
  }

  /** @internal Makes the cgroup of a cage for one child within this one. */
  createPrivate(limits: CageLimits): CageCgroup {
    return this.createInner(this.#withPerChild(limits));
  }

  /** @internal Makes the cgroup of a cage within this one. */
  createInner(limits: CageLimits, { budget = false } = {}): CageCgroup {
    this.#assertStarts();
    return this.#below((number) => makeBelow(this.cageCgroup, cageName(number, { budget }), limits));
  }

  /** @internal */
  override tryRemove(): boolean {
    if (!this.isClosed) this.#leaves.close();
    return super.tryRemove();
  }

  #withPerChild(own: CageLimits): CageLimits {
    const limits = bothOf(own, this.perChild) ?? own;
    const { max = Number.POSITIVE_INFINITY, swap } = limits.memory;
    const { memory, version } = this.cageCgroup;
    // v1 limits swap only together with memory, which the child or `perChild` need not limit.
    if (version === 2 || swap === undefined || max !== Number.POSITIVE_INFINITY) return limits;
    return { ...limits, memory: { ...limits.memory, max: limitsToRepeat(memory, version).max } };
  }

  #assertStarts(): void {
    this.assertOpen();
    const spent = this.cageCgroup.metered.explainSpent();
    if (spent !== undefined) throw new MemcageError(ErrorCode.CPU_TIME, spent, { path: this.cgroup.path });
    // What is stopped for evidence goes on in a moment.
    for (const evidence of this.evidences) evidence.settleForStart();
    this.cageCgroup.assertNotFrozen();
  }

  #makeLeaf(before: RepeatedLimits, { ahead = false } = {}): CageCgroup {
    return this.#below((number) => {
      const { memory, version } = this.cageCgroup;
      const { limits, follows } = leafLimits(before, this.perChild);
      const leaf = makeBelow(this.cageCgroup, leafName(number, { follows }), limits, { repeats: follows });
      try {
        // Another process may have changed the cage's limit before it could see the leaf.
        if (follows) followLimits(leaf.memory, version, { before, after: limitsToRepeat(memory, version) });
        if (ahead) leaf.prepareStart();
        this.reporter.watch(leaf);
        return leaf;
      } catch (error) {
        leaf.discard();
        throw error;
      }
    });
  }

  #below<T>(make: (number: number) => T): T {
    const makeNext = (): T =>
      withFreeName(() => {
        this.#made += 1;
        return make(this.#made);
      });
    try {
      return makeNext();
    } catch (error) {
      // A file of a limit is missing where somebody has disabled its controller.
      const isMissing = error instanceof MemcageError && error.code === ErrorCode.UNSUPPORTED;
      if (!isMissing || !this.cageCgroup.enableAgain()) throw asTooSmall(error, this.cageCgroup);
    }
    return makeNext();
  }
}

/**
 * The limits of a leaf. With limits of memory of its own it does not follow those of the cage: a cage that is given more
 * must not give more to a child than `perChild` does.
 */
function leafLimits(cage: RepeatedLimits, perChild: CageLimits | undefined): { limits: CageLimits; follows: boolean } {
  const repeated = firstLimits(cage);
  if (perChild === undefined) return { limits: { memory: repeated }, follows: true };
  const { max, swap } = perChild.memory;
  if (max === undefined && swap === undefined) {
    return { limits: { ...perChild, memory: { ...perChild.memory, ...repeated } }, follows: true };
  }
  const own = { memory: { ...perChild.memory } };
  // A first limit of memory also forbids swap, where swap can be limited.
  if (max !== undefined && swap === undefined && cage.swap !== undefined) own.memory.swap = 0;
  return { limits: { ...perChild, ...lowerOfBoth({ memory: repeated }, own) }, follows: false };
}

function bothOf(one: CageLimits | undefined, other: CageLimits | undefined): CageLimits | undefined {
  return one === undefined || other === undefined ? (one ?? other) : lowerOfBoth(one, other);
}

function createCageCgroup(
  limits: CageLimits,
  { within, budget }: Pick<SharedCageOptions, 'within' | 'budget'>,
): CageCgroup {
  const cageCgroup =
    within instanceof SharedKernelCage
      ? within.createInner(limits, { budget })
      : withCageRoot(within, (root) => makeCageCgroup(root, limits, { killable: true, budget }));
  try {
    cageCgroup.becomeParent();
    return cageCgroup;
  } catch (error) {
    cageCgroup.discard();
    throw error;
  }
}
