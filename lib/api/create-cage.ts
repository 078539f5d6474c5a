import type { Enforce, MemoryOption, NodeHeapOption } from '../../types/options';
import { loadNative } from '../addon/load-native';
import type { ChildDefaults } from '../cage/child-defaults';
import { SharedCage } from '../cage/shared-cage';
import type { Cgroup } from '../cgroup/handle/cgroup';
import type { ResolvedLimits } from '../cgroup/limits/resolve-limits';
import type { AnySharedCage } from '../child/member';
import { hasSettings, resolveSettings, settingsIn } from '../child-settings/child-settings';
import type { Cage, ChildSettingsOptions } from '../contract/cage';
import { invalidArgument } from '../errors/errors';
import { ALIASES, CHILD_SETTINGS } from '../options/called';
import { checkOptions } from '../options/option-names';
import { resolveNodeHeap } from '../process/node-heap';
import { acceptedIn } from '../request/cage-choice';
import { resolveMemory, resolveParent } from '../request/cage-options';
import { cageAround, refuseOtherCopy } from '../request/context';
import { resolveEnforce } from '../request/enforce-option';
import { asAround, KernelFirst, makeWeaker, type Refusal } from '../request/enforcement';
import { StartingCage } from './starting-cage';
import { StartingPolledCage } from './starting-polled-cage';

/** Options of {@link createCage}. Its settings of children are for all of them, including contained ones. */
export interface CreateCageOptions extends ChildSettingsOptions {
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
  checkOptions(options, {
    of: 'createCage',
    known: ['memory', 'parent', 'nodeHeap', 'enforce', ...CHILD_SETTINGS],
    aliases: ALIASES,
  });
  if (options.memory === undefined) throw invalidArgument('memory', 'a size or an object of limits', undefined);
  const limits = resolveMemory(options.memory, 'createCage');
  const nodeHeap = resolveNodeHeap(options.nodeHeap);
  const own = resolveSettings(options, 'createCage');
  const parent = resolveParent(options.parent);
  const enforce = resolveEnforce(options.enforce);
  refuseOtherCopy();
  const around = parent === undefined ? cageAround() : undefined;
  const accepted = acceptedIn(around, enforce);
  const settings = settingsIn(around?.settings, own);
  // Where it does not load, Node starts the children, and knows no settings: say so now.
  if (hasSettings(settings)) loadNative();
  return make({ limits, parent, around, defaults: { nodeHeap: nodeHeap ?? around?.nodeHeap, settings }, accepted });
}

interface CageRequest {
  limits: ResolvedLimits;
  parent: string | undefined;
  around: AnySharedCage | undefined;
  defaults: ChildDefaults;
  /** The weakest that may hold the cage. */
  accepted: Enforce;
}

function make(request: CageRequest): Cage {
  const { limits, parent, around, defaults, accepted } = request;
  if (around !== undefined && !(around instanceof SharedCage)) {
    return makePolled(request, asAround(around.enforcedBy));
  }
  const makeByKernel = (): Cage => new StartingCage(limits, parent ?? around, defaults);
  // Only the kernel can honour a parent.
  if (accepted === 'kernel' || around !== undefined || parent !== undefined) return makeByKernel();
  return new KernelFirst().make(makeByKernel, (refusal) => makePolled(request, refusal));
}

function makePolled({ limits, around, defaults, accepted }: CageRequest, refusal: Refusal): Cage {
  const outer = around instanceof SharedCage ? undefined : around;
  outer?.assertOpen();
  const limitBytes = limits.max ?? Number.POSITIVE_INFINITY;
  return makeWeaker(
    { limits, outlivesOwner: false, accepted },
    refusal,
    (enforcedBy) => new StartingPolledCage({ enforcedBy, limitBytes, outer }, defaults),
  );
}
