import type { Enforce, NamespaceOptions } from '../../../types/options';
import type { CageOptions } from '../../cage/contract/cage';
import { type ResolvedEvidence, resolveEvidence } from '../../cage/evidence/resolve-evidence';
import { SharedPolledCage } from '../../cage/polled-cage';
import { SharedKernelCage } from '../../cage/shared-kernel-cage';
import { Cgroup } from '../../cgroup/handle/cgroup';
import { parentPath, pathAsParent } from '../../cgroup/handle/open-given';
import { foreseenHost } from '../../cgroup/hierarchy/host';
import { resolveGiven } from '../../cgroup/hierarchy/resolve-path';
import { type CageLimits, memoryAndSwap } from '../../cgroup/limits/cage-limits';
import { resolveCageLimits } from '../../cgroup/limits/resolve-limits';
import { type ResolvedThreshold, resolveThresholds } from '../../cgroup/limits/resolve-thresholds';
import { canLoad } from '../../common/addon/load-native';
import { contradiction, invalidArgument, misplaced } from '../../common/errors/argument-errors';
import { CURE, mention, words } from '../../common/errors/words';
import type { Called } from '../../common/options/accepted-options';
import { checkFlag, checkFlagOr } from '../../common/options/checks';
import { withoutPrototype } from '../../common/options/option-names';
import { hasPidNamespace, resolveNamespaces, withRights } from '../../process/namespaces/namespaces';
import { isOptions } from '../../process/node-call';
import { type NodeHeapSetting, resolveNodeHeap } from '../../process/node-heap';
import { resolveRoot } from '../../process/root/resolve-root';
import { type Root, withRoot } from '../../process/root/root';
import { type ChildSettings, NO_SETTINGS, resolveSettings } from '../../process/settings/child-settings';
import { type AnySharedCage, cageAround } from './context';
import { resolveEnforce } from './enforce-option';
import { surroundingsOf } from './surroundings';
import { withUntrusted } from './untrusted';

/** {@link CageOptions} after validation. */
export interface ResolvedCageOptions {
  /** Undefined if none was given: then they ask for no cage. */
  limits: CageLimits | undefined;
  /** Where the private cage emits 'threshold'. */
  thresholds: readonly ResolvedThreshold[];
  /** Undefined: none is taken. */
  evidence: ResolvedEvidence | undefined;
  cage: AnySharedCage | undefined;
  /** The namespaces that were asked for, with those that `root` implies. */
  namespaces: NamespaceOptions;
  /** Undefined: the child shares the root directory of its parent process. */
  root: Root | undefined;
  parent: string | undefined;
  keepDescendants: boolean;
  nodeHeap: NodeHeapSetting;
  settings: ChildSettings;
  memoryDetails: boolean;
  ipcHandles: boolean;
  /** Undefined: the default, `enforceOf()`. */
  enforce: Enforce | undefined;
}

/** The options of a child that has none of memcage's. */
export const NO_CAGE_OPTIONS: ResolvedCageOptions = {
  limits: undefined,
  thresholds: [],
  evidence: undefined,
  cage: undefined,
  namespaces: {},
  root: undefined,
  parent: undefined,
  keepDescendants: false,
  nodeHeap: undefined,
  settings: NO_SETTINGS,
  memoryDetails: false,
  ipcHandles: true,
  enforce: undefined,
};

/**
 * Puts what `untrusted` stands for in its place.
 *
 * @param options as {@link Called} has read them
 * @param file the program, if the call names one
 */
export function spelledOut<O extends object>(options: O, file?: string): O {
  const { untrusted, ...rest } = options as { untrusted?: unknown; cage?: unknown; parent?: unknown; uid?: unknown };
  if (untrusted === undefined) return options;
  if (!checkFlag('untrusted', untrusted)) return withoutPrototype(rest) as O;
  const around = isShared(rest.cage) ? rest.cage : rest.parent === undefined ? cageAround() : undefined;
  return withoutPrototype(withUntrusted(rest, file, surroundingsOf(rest, around))) as O;
}

/**
 * Takes memcage's options out of Node's. Nothing has been created when this throws.
 *
 * @param file the program, if the call names one
 */
export function splitOptions(
  options: unknown,
  called: Called,
  file?: string,
): { node: unknown; own: ResolvedCageOptions } {
  // Node reports what is wrong with it.
  if (!isOptions(options)) return { node: options, own: NO_CAGE_OPTIONS };
  // At once: a rest that is taken apart again would have what somebody has added to Object.prototype.
  const {
    memory,
    pids,
    cpu,
    cpuTimeMs,
    stall,
    thresholds,
    evidence,
    cage,
    namespaces,
    root: givenRoot,
    parent,
    keepDescendants,
    nodeHeap,
    memoryDetails,
    ipcHandles,
    enforce,
    rlimits,
    oomScoreAdj,
    nice,
    privileges,
    ...rest
  } = spelledOut(called.read(options as CageOptions), file);
  const node = withoutPrototype(rest);
  if (cage !== undefined && !isShared(cage)) throw invalidArgument('cage', 'a cage of createCage()', cage);
  if (cage !== undefined && parent !== undefined) {
    throw misplaced('parent', 'with cage, which already says where', 'leave out one of the two');
  }
  if (cage !== undefined && enforce !== undefined) {
    throw misplaced('enforce', 'with cage, which already says what holds it', 'leave it out');
  }
  if (keepDescendants === true && evidence !== undefined) {
    throw misplaced(
      'evidence',
      'with keepDescendants: nobody would let go on what it has stopped',
      'leave out one of the two',
    );
  }
  const root = resolveRoot(givenRoot, called.of);
  const wanted = withRoot(resolveNamespaces(namespaces, called.of), root);
  if (keepDescendants === true && hasPidNamespace(wanted)) throw keptInPidNamespace(namespaces);
  const limits = resolveCageLimits({ memory, pids, cpu, cpuTimeMs, stall }, called.of);
  const own = {
    limits,
    thresholds: thresholds === undefined || limits === undefined ? [] : resolveThresholds(thresholds, limits),
    evidence: evidence === undefined ? undefined : resolveEvidence(evidence, limits, called.of),
    cage,
    namespaces: withRightsHere(wanted),
    root,
    parent: resolveParent(parent),
    keepDescendants: checkFlagOr(false, 'keepDescendants', keepDescendants),
    nodeHeap: resolveNodeHeap(nodeHeap, limits === undefined ? Number.POSITIVE_INFINITY : memoryAndSwap(limits)),
    settings: resolveSettings({ rlimits, oomScoreAdj, nice, privileges }, called.of, {
      hasRoot: root !== undefined,
    }),
    memoryDetails: checkFlagOr(false, 'memoryDetails', memoryDetails),
    ipcHandles: checkFlagOr(true, 'ipcHandles', ipcHandles),
    enforce: resolveEnforce(enforce),
  };
  if (limits === undefined) {
    for (const [name, given] of Object.entries({ thresholds, parent, keepDescendants, enforce })) {
      if (given !== undefined)
        throw contradiction(
          name,
          words`${mention(name)} needs a limit beside it: memory, pids, cpu, cpuTimeMs or stall (memory: 'max' is enough)`,
        );
    }
  }
  return { node, own };
}

function keptInPidNamespace(given: NamespaceOptions | undefined): TypeError {
  const { pid } = given ?? {};
  const named = typeof pid === 'object' ? mention('namespaces.pid.init', 'namespaces.pid') : mention('namespaces.pid');
  const [kept, maker] = [mention('keepDescendants'), pid === undefined ? mention('root') : named];
  const why = words`${maker} makes a PID namespace, which ends all its processes with the first one`;
  return contradiction('keepDescendants', words`${kept} can't hold: ${why}${CURE}leave out one of the two`);
}

/** Looks at the machine only where namespaces can be made. */
function withRightsHere(namespaces: NamespaceOptions): NamespaceOptions {
  return Object.keys(namespaces).length > 0 && canLoad() ? withRights(namespaces) : namespaces;
}

/** Whether it is a cage of createCage(). */
export function isShared(cage: unknown): cage is AnySharedCage {
  return cage instanceof SharedKernelCage || cage instanceof SharedPolledCage;
}

export function resolveParent(parent: unknown): string | undefined {
  if (parent === undefined) return undefined;
  if (parent instanceof Cgroup) return pathAsParent(parent.opened());
  // The kernel's cgroups may be mounted anew before a cage is made.
  return resolveGiven(parentPath(parent), foreseenHost());
}

/** Checks options as those of a start, without one. */
export function checkedOptions(options: CageOptions, called: Called): ResolvedCageOptions {
  if (typeof options !== 'object' || options === null) throw invalidArgument('options', 'an object', options);
  return splitOptions(options, called).own;
}
