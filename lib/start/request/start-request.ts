import type { Enforce } from '../../../types/options';
import type { MemoryReport } from '../../../types/outcome';
import { SharedKernelCage } from '../../cage/shared-kernel-cage';
import { canLoad, loadNative } from '../../common/addon/load-native';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { keptInJson } from '../../common/text/json';
import { hasInit } from '../../process/namespaces/namespaces';
import { hasSettings, settingsIn } from '../../process/settings/child-settings';
import type { ResolvedCageOptions } from './cage-options';
import type { AnySharedCage } from './context';
import { cageAround, refuseOtherCopy, turnsAround } from './context';
import { enforceOf, isWeaker } from './enforce-option';
import type { Turn, Turns } from './turns';

/**
 * One start, checked: what the caller's options ask for, and the cage that is meant. Nothing has been made yet. The limits, the
 * heap and the settings are those of the options with what the cage around adds.
 */
export interface StartRequest extends Omit<ResolvedCageOptions, 'cage'> {
  /** The shared cage to start in. */
  shared: AnySharedCage | undefined;
  /** The shared cage to make the private cage in. */
  outer: AnySharedCage | undefined;
  /** What gives the child its turn to start; undefined if it starts at once. */
  turns: Turns | undefined;
}

/** An explicit cage or parent takes precedence over the surrounding cage of `contain()`. */
export function requestOf(own: ResolvedCageOptions): StartRequest {
  const { cage, parent } = own;
  refuseOtherCopy();
  const around = cage === undefined && parent === undefined ? cageAround() : undefined;
  const outer = cage ?? around;
  const turns = around && turnsAround();
  const limits = turns === undefined ? own.limits : turns.limitsFor(own.limits);
  const isPrivate = limits !== undefined;
  return {
    ...own,
    limits,
    nodeHeap: own.nodeHeap ?? outer?.nodeHeap,
    settings: settingsIn(outer?.settings, own.settings),
    shared: isPrivate ? undefined : outer,
    outer: isPrivate ? outer : undefined,
    turns,
  };
}

/** Who chose a cage accepted what holds it, unless the option says otherwise. */
export function acceptedIn(outer: AnySharedCage | undefined, enforce: Enforce | undefined): Enforce {
  if (outer === undefined) return enforceOf(enforce);
  const { kind, reason } = outer.enforcedBy;
  if (enforce === undefined) return kind;
  if (!isWeaker(kind, enforce)) return enforce;
  throw new MemcageError(
    ErrorCode.UNSUPPORTED,
    `enforce: '${enforce}' can't be had in the cage around, which is held by '${kind}' (${reason}): leave it out, or call ` +
      'it outside of contain()',
  );
}

/** Whether a call asks for nothing of memcage's: Node alone can start this child. */
export function isPlain(request: StartRequest): boolean {
  const { shared, limits, nodeHeap } = request;
  return shared === undefined && limits === undefined && nodeHeap === undefined && !needsAddon(request);
}

/** Whether a call asks for what only the addon does, apart from cages. */
function needsAddon({ namespaces, settings }: StartRequest): boolean {
  return Object.values(namespaces).some(Boolean) || hasSettings(settings);
}

/**
 * Whether Node itself starts the child, since the addon does not load here.
 *
 * @throws ERR_MEMCAGE_UNSUPPORTED, as the addon's load does, for what the caller does not accept without it: namespaces
 * and settings of the child are never left out, and a cage needs the kernel unless `enforce` says otherwise
 */
export function startsByNode(request: StartRequest): boolean {
  const plain = isPlain(request);
  try {
    if (canLoad()) return false;
  } catch (error) {
    // No fd is free, for example. Node then says so itself, in its own way.
    if (!plain) throw error;
  }
  if (plain) return true;
  const accepted = acceptedIn(request.shared ?? request.outer, request.enforce);
  if (accepted === 'kernel' || needsAddon(request)) loadNative();
  return true;
}

/** The memory report of a child that failed before its cage was made. */
export function memoryOfUnstarted({ shared, limits }: StartRequest): MemoryReport | null {
  if (shared !== undefined) {
    return shared instanceof SharedKernelCage ? shared.cageCgroup.report.fromPlan() : shared.reportOn(undefined);
  }
  if (limits === undefined) return null;
  const limitBytes = limits.memory.max ?? Number.POSITIVE_INFINITY;
  return keptInJson({ limitBytes, peakBytes: null, swapLimited: true, details: null });
}

/** More than the kernel charges for a launcher that waits, with its cgroup: 140 KB, some 70 KB of which are its own. */
const LAUNCHER_BYTES = 256 << 10;
/** With an init, which is a second process and a copy in memory. */
const INIT_BYTES = 2 << 20;

/**
 * The turn of a child that needs one.
 *
 * @param canWait whether the child can be born before it has its turn, and wait at a gate
 */
export function turnOf(request: StartRequest, { canWait }: { canWait: boolean }): Turn | undefined {
  const { turns, limits, keepDescendants, namespaces } = request;
  if (turns === undefined || limits === undefined) return undefined;
  const heldBytes = hasInit(namespaces) ? INIT_BYTES : LAUNCHER_BYTES;
  return turns.turnFor({ limits, keepsDescendants: keepDescendants, heldBytes, canWait });
}
