import type { MemoryOption, NodeHeapOption } from '../../types/options';
import type { Cgroup } from '../cgroup/handle/cgroup';
import { invalidArgument } from '../errors/errors';
import { ALIASES } from '../options/called';
import { checkOptions } from '../options/option-names';
import { resolveNodeHeap } from '../process/node-heap';
import { resolveMemory, resolveParent } from '../request/cage-options';
import { cageAround, refuseOtherCopy } from '../request/context';
import { MultiCage } from './multi-cage';

/** Options of {@link createCage}. */
export interface CreateCageOptions {
  /** Limits for the sum of all children. */
  memory: MemoryOption;
  /** The memory cgroup to make it in. Default: the cage around ({@link MultiCage.contain}), or what is found, see {@link prepare}. */
  parent?: Cgroup | string;
  /** As the option of {@link spawn}, for all children, also contained ones. Default: that of the cage around. */
  nodeHeap?: NodeHeapOption;
}

/**
 * Make a cage for many children.
 *
 * @throws errors of memcage when the options are wrong, or there is no place to make it; then nothing is left.
 */
export function createCage(options: CreateCageOptions): MultiCage {
  checkOptions(options, { of: 'createCage', known: ['memory', 'parent', 'nodeHeap'], aliases: ALIASES });
  if (options.memory === undefined) throw invalidArgument('memory', 'a size or an object of limits', undefined);
  const limits = resolveMemory(options.memory, 'createCage');
  const nodeHeap = resolveNodeHeap(options.nodeHeap);
  const parent = resolveParent(options.parent);
  refuseOtherCopy();
  const around = parent === undefined ? cageAround() : undefined;
  return new MultiCage(limits, parent ?? around, nodeHeap ?? around?.nodeHeap);
}
