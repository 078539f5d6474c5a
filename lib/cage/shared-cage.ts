import type { ResolvedLimits } from '../cgroup/limits';
import { ErrorCode, MemcageError } from '../errors';
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
  readonly #limits: ResolvedLimits;
  #leaves = 0;

  /** @internal Use `createCage()`. */
  constructor(limits: ResolvedLimits, parent: string | undefined) {
    super(createGroup(limits, parent), { outlivesOwner: false });
    this.#limits = limits;
  }

  /** @internal */
  enter(): Stay {
    if (this.closing) throw new MemcageError(ErrorCode.CLOSED, `The cage ${this.cgroup.path} is closed`);
    this.#leaves += 1;
    try {
      return enterLeaf(this, String(this.#leaves), this.#leafLimits());
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

function createGroup(limits: ResolvedLimits, parent: string | undefined): Group {
  const group = withOwner(parent, (owner) => Group.create(owner, limits, { guarded: true }));
  try {
    group.becomeParent();
    // All limits at once: no child is being started in it yet.
    group.started();
    return group;
  } catch (error) {
    group.tryRemove();
    throw error;
  }
}
