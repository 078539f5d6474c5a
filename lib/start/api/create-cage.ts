import type { CageThreshold, Enforce, EvidenceOption, NodeHeapOption } from '../../../types/options';
import type { OneOf, SharedCage } from '../../cage/contract/cage';
import type { CageLimitOptions, ChildSettingsOptions, LimitChanges } from '../../cage/contract/limit-options';
import { resolveEvidence } from '../../cage/evidence/resolve-evidence';
import { SharedPolledCage } from '../../cage/polled-cage';
import { SharedKernelCage } from '../../cage/shared-kernel-cage';
import type { Cgroup } from '../../cgroup/handle/cgroup';
import { type CageLimits, memoryAndSwap } from '../../cgroup/limits/cage-limits';
import { resolveCageLimits, resolveChanges } from '../../cgroup/limits/resolve-limits';
import { resolveThresholds } from '../../cgroup/limits/resolve-thresholds';
import { loadNative } from '../../common/addon/load-native';
import { contradiction, invalidArgument } from '../../common/errors/argument-errors';
import { ALIASES } from '../../common/options/accepted-options';
import { CHILD_SETTINGS } from '../../common/options/names';
import { anObject, checkOptions, isRecord, readOptions } from '../../common/options/option-names';
import { resolveNodeHeap } from '../../process/node-heap';
import { hasSettings, resolveSettings, settingsIn } from '../../process/settings/child-settings';
import { resolveParent } from '../request/cage-options';
import { cageAround, refuseOtherCopy } from '../request/context';
import { resolveEnforce } from '../request/enforce-option';
import { KernelFirst } from '../request/enforcement';
import { acceptedIn } from '../request/start-request';
import { startingIn } from './cage-functions';

/** Options of {@link createCage}: at least one limit, and {@link SharedCageSettings}. */
export type CreateCageOptions = OneOf<CageLimitOptions & SharedCageSettings, keyof CageLimitOptions>;

/** Options of {@link createCage} beside its limits. The settings of children are for all of them, contained ones too. */
export interface SharedCageSettings extends ChildSettingsOptions {
  /**
   * Limits that each child has besides, with all that it starts: also a contained child, whatever library starts it, and a
   * child with limits of its own. Where there are two limits, the lower one holds. Default: none.
   */
  perChild?: LimitChanges;
  /**
   * Uses of the cage's memory at which it emits 'threshold': sizes, or percentages of its `memory.max`. Default: none.
   *
   * @see docs/reference/events.md
   */
  thresholds?: readonly CageThreshold[];
  /**
   * Tells what fills the cage before the kernel kills for its limit. Default: none.
   *
   * @see docs/reference/evidence.md
   */
  evidence?: EvidenceOption;
  /**
   * The memory cgroup to make the cage in. Default: the cage around ({@link SharedCage.contain}), or else memcage
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
   * @see docs/reference/enforcement.md
   */
  enforce?: Enforce;
}

/**
 * Make a cage for many children.
 *
 * @throws a MemcageError, TypeError or RangeError when an option is wrong, or the cage can't be made; nothing
 * is left behind then
 */
/**
 * With the option `enforce`, the cage may have no `cgroup`.
 *
 * ```js run
 * import { createCage } from 'memcage';
 *
 * const cage = createCage({ memory: '100M' });
 * const [one, other] = await Promise.all([cage.run('echo', ['one']), cage.run('echo', ['other'])]);
 * console.log(one.stdout.trim(), other.stdout.trim());
 * await cage.close();
 * ```
 *
 * ```text output
 * one other
 * ```
 */
export function createCage(options: CreateCageOptions & { enforce: 'polled' | 'none' }): SharedCage<Cgroup | null>;
export function createCage(options: CreateCageOptions): SharedCage;
export function createCage(options: CreateCageOptions): SharedCage | SharedCage<Cgroup | null> {
  checkOptions(options, { of: 'createCage', known: KNOWN, aliases: ALIASES });
  return createCageFor('createCage', options);
}

/** {@link createCage} for a function `of` that has checked the names of the options. */
export function createCageFor(of: string, options: CreateCageOptions): SharedCage<Cgroup | null> {
  const limits = resolveCageLimits(options, of);
  if (limits === undefined) throw contradiction('memory', `${of} needs a limit, such as { memory: '100M' }`);
  const perChild = resolvePerChild(options.perChild, of);
  const thresholds = options.thresholds === undefined ? [] : resolveThresholds(options.thresholds, limits);
  const evidence = options.evidence === undefined ? undefined : resolveEvidence(options.evidence, limits, of);
  const ofChild = Math.min(memoryAndSwap(limits), memoryAndSwap(perChild ?? limits));
  const nodeHeap = resolveNodeHeap(options.nodeHeap, ofChild);
  const own = resolveSettings(options, of);
  const parent = resolveParent(options.parent);
  const enforce = resolveEnforce(options.enforce);
  refuseOtherCopy();
  const around = parent === undefined ? cageAround() : undefined;
  const accepted = acceptedIn(around, enforce);
  const settings = settingsIn(around?.settings, own);
  // Where the addon does not load, Node starts the children, and knows no settings: say so now.
  if (hasSettings(settings)) loadNative();
  const defaults = { nodeHeap: nodeHeap ?? around?.nodeHeap, settings };
  const within = parent ?? (around instanceof SharedKernelCage ? around : undefined);
  return new KernelFirst({ outer: around, parent, accepted }).make<SharedCage<Cgroup | null>>(
    () =>
      startingIn(
        new SharedKernelCage({
          limits,
          perChild,
          thresholds,
          evidence,
          within,
          defaults,
          budget: of === 'createBudget',
        }),
      ),
    { limits, perChild, thresholds, evidence, outlivesOwner: false },
    (polled) => startingIn(new SharedPolledCage(polled, defaults)),
  );
}

const LIMITS = ['memory', 'pids', 'cpu', 'cpuTimeMs', 'stall'];
const KNOWN = [...LIMITS, 'perChild', 'thresholds', 'evidence', 'parent', 'nodeHeap', 'enforce', ...CHILD_SETTINGS];

function resolvePerChild(given: LimitChanges | undefined, of: string): CageLimits | undefined {
  if (given === undefined) return undefined;
  if (!isRecord(given)) throw invalidArgument('perChild', anObject(given, LIMITS), given);
  return resolveChanges(
    readOptions(given, { of, within: 'perChild', known: LIMITS, aliases: ALIASES }) as LimitChanges,
    of,
  );
}
