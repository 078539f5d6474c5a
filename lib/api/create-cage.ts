import type { Enforce, MemoryOption, NodeHeapOption } from '../../types/options';
import type { Cgroup } from '../cgroup/handle/cgroup';
import type { Cage } from '../contract/cage';
import { invalidArgument } from '../errors/errors';
import { ALIASES } from '../options/called';
import { checkOptions } from '../options/option-names';
import { resolveNodeHeap } from '../process/node-heap';
import { resolveMemory, resolveParent } from '../request/cage-options';
import { cageAround, refuseOtherCopy } from '../request/context';
import { StartingCage } from './starting-cage';

/** Options of {@link createCage}. */
export interface CreateCageOptions {
  /** Limits for all children together. */
  memory: MemoryOption;
  /**
   * The memory cgroup to make the cage in. Default: the cage around ({@link Cage.contain}), or else memcage
   * finds one, see {@link prepare}.
   */
  parent?: Cgroup | string;
  /**
   * Like the option of {@link spawn}, for all children, including contained ones. Default: that of the cage around.
   */
  nodeHeap?: NodeHeapOption;
  /**
   * The weakest that may hold the limits, for the cage and all in it. Like the option of {@link spawn}.
   *
   * @see docs/enforcement.md
   */
  enforce?: Enforce;
}

/**
 * Make a cage for many children.
 *
 * @throws a MemcageError, TypeError or RangeError when an option is wrong, or the cage can't be made; nothing
 * is left behind then
 */
export function createCage(options: CreateCageOptions): Cage {
  checkOptions(options, { of: 'createCage', known: ['memory', 'parent', 'nodeHeap'], aliases: ALIASES });
  if (options.memory === undefined) throw invalidArgument('memory', 'a size or an object of limits', undefined);
  const limits = resolveMemory(options.memory, 'createCage');
  const nodeHeap = resolveNodeHeap(options.nodeHeap);
  const parent = resolveParent(options.parent);
  refuseOtherCopy();
  const around = parent === undefined ? cageAround() : undefined;
  return new StartingCage(limits, parent ?? around, nodeHeap ?? around?.nodeHeap);
}
