import type { Enforce, MemoryOption, NamespaceOptions } from '../../types/options';
import { canLoad, loadNative } from '../addon/load-native';
import { SharedPolledCage } from '../cage/polled/shared-polled-cage';
import { SharedCage } from '../cage/shared-cage';
import { Cgroup } from '../cgroup/handle/cgroup';
import type { ResolvedLimits } from '../cgroup/limits/resolve-limits';
import { resolveLimits } from '../cgroup/limits/resolve-limits';
import type { AnySharedCage } from '../child/member';
import { type ChildSettings, NO_SETTINGS, resolveSettings } from '../child-settings/child-settings';
import type { CageOptions } from '../contract/cage';
import { invalidArgument } from '../errors/errors';
import { resolveNamespaces, withRights } from '../namespaces/namespaces';
import type { Called } from '../options/called';
import { isOptions } from '../process/node-call';
import { type NodeHeapSetting, resolveNodeHeap } from '../process/node-heap';
import { resolveEnforce } from './enforce-option';

/** {@link CageOptions} after validation. */
export interface ResolvedCageOptions {
  limits: ResolvedLimits | undefined;
  cage: AnySharedCage | undefined;
  namespaces: NamespaceOptions;
  parent: string | undefined;
  keepDescendants: boolean;
  nodeHeap: NodeHeapSetting;
  settings: ChildSettings;
  memoryDetails: boolean;
  /** Undefined: the default, `enforceOf()`. */
  enforce: Enforce | undefined;
}

const NOTHING: ResolvedCageOptions = {
  limits: undefined,
  cage: undefined,
  namespaces: {},
  parent: undefined,
  keepDescendants: false,
  nodeHeap: undefined,
  settings: NO_SETTINGS,
  memoryDetails: false,
  enforce: undefined,
};

/** Takes memcage's options out of Node's. Nothing has been created when this throws. */
export function splitOptions(options: unknown, called: Called): { node: unknown; own: ResolvedCageOptions } {
  // Node reports what is wrong with it.
  if (!isOptions(options)) return { node: options, own: NOTHING };
  const { memory, cage, namespaces, parent, keepDescendants, nodeHeap, memoryDetails, enforce, ...rest } = called.read(
    options as CageOptions,
  );
  const { rlimits, oomScoreAdj, nice, privileges, ...node } = rest;
  if (cage !== undefined && !isShared(cage)) throw invalidArgument('cage', 'a cage of createCage()', cage);
  if (cage !== undefined && parent !== undefined) {
    throw invalidArgument('parent', 'no value (cage already says where)', parent);
  }
  if (cage !== undefined && enforce !== undefined) {
    throw invalidArgument('enforce', 'no value (cage already says what holds it)', enforce);
  }
  checkBoolean('keepDescendants', keepDescendants);
  checkBoolean('memoryDetails', memoryDetails);
  const own = {
    limits: memory === undefined ? undefined : resolveMemory(memory, called.of),
    cage,
    namespaces: withRightsHere(resolveNamespaces(namespaces, called.of)),
    parent: resolveParent(parent),
    keepDescendants: keepDescendants === true,
    nodeHeap: resolveNodeHeap(nodeHeap),
    settings: resolveSettings({ rlimits, oomScoreAdj, nice, privileges }, called.of),
    memoryDetails: memoryDetails === true,
    enforce: resolveEnforce(enforce),
  };
  if (own.limits === undefined) {
    for (const [name, given] of Object.entries({ parent, keepDescendants, enforce })) {
      if (given !== undefined) throw invalidArgument(name, 'no value (it needs memory)', given);
    }
  }
  return { node, own };
}

/** Looks at the machine only where namespaces can be made. */
function withRightsHere(namespaces: NamespaceOptions): NamespaceOptions {
  return Object.keys(namespaces).length > 0 && canLoad() ? withRights(namespaces) : namespaces;
}

function isShared(cage: unknown): cage is AnySharedCage {
  return cage instanceof SharedCage || cage instanceof SharedPolledCage;
}

function checkBoolean(name: string, given: unknown): void {
  if (given !== undefined && typeof given !== 'boolean') throw invalidArgument(name, 'true or false', given);
}

export function resolveMemory(memory: MemoryOption, of: string): ResolvedLimits {
  return resolveLimits(memory, { of, ...(canLoad() && { pageBytes: loadNative().constants.pageSize }) });
}

export function resolveParent(parent: unknown): string | undefined {
  if (parent === undefined) return undefined;
  if (parent instanceof Cgroup) return parent.path;
  if (typeof parent !== 'string') throw invalidArgument('parent', 'a Cgroup or the path of one', parent);
  return Cgroup.resolve(parent);
}
