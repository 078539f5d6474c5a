import type { ResolvedLimits } from '../cgroup/limits';
import { ErrorCode, MemcageError } from '../errors';
import type { NodeHeapSetting } from '../node-heap';
import { Cage } from './cage';
import { Group } from './group';
import { withOwner } from './owner';
import { enterLeaf, type Stay } from './stay';
import { asTooSmall } from './too-small';

// Room for the cage's own limit to be hit first.
const GROUP_KILL_MARGIN_BYTES = 64 * 1024;

/**
 * One limit for many children. Each lives in a leaf of its own below the cage's cgroup, so that each has a verdict of its
 * own and may have cgroups below (v2); the leaf repeats the limit, since a program reads only that of its own cgroup.
 */
export class SharedCage extends Cage {
  /** @internal Of its children, where they have none of their own. */
  readonly nodeHeap: NodeHeapSetting;
  readonly #limits: ResolvedLimits;
  #leaves = 0;

  /** @internal Use `createCage()`. */
  constructor(limits: ResolvedLimits, place: SharedCage | string | undefined, nodeHeap: NodeHeapSetting) {
    const outer = place instanceof SharedCage ? place : undefined;
    super(createGroup(limits, place), { outlivesOwner: false, outer });
    this.#limits = limits;
    this.nodeHeap = nodeHeap;
  }

  /** @internal */
  enter(): Stay {
    return this.#below((name) => enterLeaf(this, name, this.#leafLimits()));
  }

  /** @internal The group of a cage within this one. */
  createInner(limits: ResolvedLimits): Group {
    return this.#below((name) => {
      this.group.assertNotFrozen();
      return this.group.createInner(name, limits);
    });
  }

  #below<T>(make: (name: string) => T): T {
    if (this.closing) throw new MemcageError(ErrorCode.CLOSED, `The cage ${this.cgroup.path} is closed`);
    this.#leaves += 1;
    try {
      return make(String(this.#leaves));
    } catch (error) {
      throw asTooSmall(error, this.group);
    }
  }

  #leafLimits(): ResolvedLimits {
    const { max, swap, oomGroup, oomKill } = this.#limits;
    const leaf: ResolvedLimits = {};
    // An OOM at the leaf's limit would take the leaf alone: with oomGroup the cage's must be the one that is hit.
    if (max !== undefined) leaf.max = oomGroup === true ? max + GROUP_KILL_MARGIN_BYTES : max;
    if (swap !== undefined) leaf.swap = swap;
    if (oomKill !== undefined) leaf.oomKill = oomKill;
    return leaf;
  }
}

function createGroup(limits: ResolvedLimits, place: SharedCage | string | undefined): Group {
  const group =
    place instanceof SharedCage
      ? place.createInner(limits)
      : withOwner(place, (owner) => Group.create(owner, limits, { guarded: true }));
  try {
    group.becomeParent();
    // All limits at once: no child is being started in it yet.
    group.started();
    return group;
  } catch (error) {
    group.discard();
    throw error;
  }
}
