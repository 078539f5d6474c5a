import { constants } from 'node:os';
import type { CloneOptions, CloneResult, NativeBinding, RootPlan } from '../../../types/native';
import type { NamespaceOptions } from '../../../types/options';
import { isNativeError } from '../../cgroup/directory/refusal';
import type { Program, Refused } from '../../process/launch-contract';
import { launcherPath } from '../../process/launcher/executable';
import {
  hasCgroupNamespace,
  hasPidNamespace,
  losesCapabilities,
  type NamespacePlan,
} from '../../process/namespaces/namespaces';
import { type LimitedHeap, withNodeHeap } from '../../process/node-heap';
import type { SettingsPlan } from '../../process/settings/child-settings';
import type { HeldChild } from '../child/held-child';
import { withTimeBackstop } from '../child/time-backstop';
import { type ExplainedFailure, explainFailure } from '../refusals/explain-failure';
import type { Gate } from '../request/gate';
import { planChild } from './child-plan';
import { canCloneInto, failsCloneInto } from './clone-into';
import { type Forerunner, openForerunner } from './forerunner';
import type { Start } from './start';

/** From a cold file system, a program may take seconds to load; nothing sane takes longer. */
const WATCHDOG_MS = 10_000;

const { ENODEV, ENOENT } = constants.errno;

/** A child that has reached its program, or its gate, and what to give back when it ends. */
export interface StartedChild {
  readonly pid: number;
  readonly pidfd: number;
  readonly held: HeldChild | undefined;
  readonly forerunner: Forerunner | undefined;
  readonly heap: LimitedHeap | undefined;
}

interface TriedStart extends Pick<StartedChild, 'held' | 'forerunner' | 'heap'> {
  result: CloneResult;
  /** When the clone began. */
  startMs: number;
}

/**
 * Starts the child of `start`.
 *
 * @param gate where the child waits before it becomes its program
 * @returns an errno for a failure that Node would report; any other failure is thrown. Either way nothing is left.
 */
export function startChild(native: NativeBinding, program: Program, start: Start, gate?: Gate): StartedChild | Refused {
  let tried: TriedStart;
  try {
    tried = tryStart(native, program, start, gate);
    // Someone removed it: some programs remove empty cgroups, and a pooled cage may have been empty for a while.
    if (foundNoCgroup(tried.result) || wasStopped(tried)) {
      tried.forerunner?.close();
      tried.held?.abandon();
      tried = tryStart(native, program, start, gate);
    }
  } catch (error) {
    start.failed(error as Error);
    // Running out of fds during the preparation looks the same to the caller as running out in the clone.
    if (isNativeError(error)) return { errno: error.errno, cause: error };
    throw error;
  }
  const { held, heap, forerunner, result } = tried;
  if (!('stage' in result)) return { held, heap, forerunner, ...result };
  forerunner?.close();
  const isLate = isTooLate(tried);
  let explained: ExplainedFailure;
  try {
    explained = explainFailure(result, { ...start.request, cgroup: held?.cgroup, isLate });
  } catch (error) {
    start.failed(error as Error, held?.abandon());
    throw error;
  }
  const { error, asNode, cause } = explained;
  if (!asNode && start.refused(error)) {
    held?.abandon();
    return startChild(native, program, start, gate);
  }
  start.failed(error, held?.abandon());
  if (asNode) return { errno: result.errno, ...(cause !== undefined && { cause }) };
  throw error;
}

function tryStart(native: NativeBinding, given: Program, start: Start, gate: Gate | undefined): TriedStart {
  const { namespaces, nodeHeap } = start.request;
  const plan = planChild(native, start.request, given.cwd);
  const held = start.hold(given);
  let forerunner: Forerunner | undefined;
  try {
    const isHidden = hasCgroupNamespace(namespaces) || held?.seesLimit === false;
    const { env, limitBytes } = withNodeHeap(given, nodeHeap, { bytes: () => held?.ceilingBytes, isHidden });
    const program = { ...inRoot(given, plan.root), env: held?.environment(env) ?? env };
    const isPidOne = hasPidNamespace(namespaces) && !plan.init;
    const heap = limitBytes === undefined ? undefined : { limitBytes, isPidOne };
    const startMs = performance.now();
    const settings = withTimeBackstop(plan.settings, held?.cgroup);
    const endsWithParent = !given.detached || held?.diesWithOwner === true;
    if (plan.init || gate !== undefined) {
      forerunner = openForerunner(native, program, { settings, isInit: plan.init, gate, endsWithParent });
    }
    const first =
      forerunner === undefined
        ? { ...program, ...settings }
        : { ...forerunner.launcher, ...settingsOfLauncher(settings, namespaces) };
    const result = cloneChild(native, held, {
      // For the addon, what is undefined is left out.
      ...(first as typeof first & Pick<CloneOptions, 'cwd' | 'uid' | 'gid'>),
      ...plan.namespaces,
      ...(plan.root && { root: plan.root }),
      // Of its own accord an init would make the copy at each start.
      ...(plan.init && { sealed: true }),
      // The launcher's executable need not be in the root.
      ...(forerunner !== undefined && plan.root !== undefined && { fileOutside: true }),
      killWithParent: endsWithParent,
      ...startedBy(first, plan.namespaces, { native, held }),
      watchdogMs: WATCHDOG_MS,
    });
    return { held, heap, forerunner, result: forerunner?.follow(result, WATCHDOG_MS, held) ?? result, startMs };
  } catch (error) {
    forerunner?.close();
    held?.abandon();
    throw error;
  }
}

/** What the launcher can't do for the program: its own exec takes the right to give up capabilities, too. */
function settingsOfLauncher({ capabilities }: SettingsPlan, namespaces: NamespaceOptions): SettingsPlan {
  return capabilities !== undefined && losesCapabilities(namespaces) ? { capabilities } : {};
}

/** The working directory of a child with a root of its own is inside, so it comes with that. */
function inRoot({ cwd, ...others }: Program, root: RootPlan | undefined): Program {
  return cwd === undefined || root !== undefined ? others : { ...others, cwd };
}

/** Whether the child wrote to `tasks` of a removed cgroup, or was to be cloned into one. */
function foundNoCgroup(result: CloneResult): boolean {
  if (!('stage' in result) || (result.stage !== 'cgroup' && result.stage !== 'clone')) return false;
  return result.errno === -ENODEV || result.errno === -ENOENT;
}

/** Someone froze the cage while the child had no program yet: for a moment, as for evidence, or the next try says so. */
function wasStopped({ result, startMs }: TriedStart): boolean {
  return 'stage' in result && result.stage === 'watchdog' && !isTooLate({ startMs });
}

function isTooLate({ startMs }: Pick<TriedStart, 'startMs'>): boolean {
  return performance.now() - startMs >= WATCHDOG_MS;
}

function cloneChild(
  native: NativeBinding,
  held: HeldChild | undefined,
  options: Omit<CloneOptions, 'joinFds'>,
  { cloneInto = canCloneInto() } = {},
): CloneResult {
  const join = held?.cgroup?.takeJoinFds({ cloneInto });
  let result: CloneResult;
  try {
    result = native.clone({ ...options, ...(join?.fds ?? { joinFds: [] }) });
  } finally {
    join?.close();
  }
  if (join?.fds.intoCgroupFd === undefined || !failsCloneInto(result)) return result;
  return cloneChild(native, held, options, { cloneInto: false });
}

/**
 * A child has the memory of this process until exec, which takes the least, or comes from the starter. An OOM kill of it at the
 * end of exec, or a filter of its own, would end this process too. A change of ids would make its memory undumpable. If it is
 * that already, as after setuid(2), a child in a user namespace could not write its id maps: its files in /proc would be root's.
 *
 * With the starter's memory, such a kill would be counted where the starter is. Before Linux 6.3, CLONE_VM can't be combined with
 * CLONE_NEWTIME.
 */
function startedBy(
  { uid, gid, seccomp }: Program & SettingsPlan,
  { namespaces }: NamespacePlan,
  { native, held }: { native: NativeBinding; held: HeldChild | undefined },
): Pick<CloneOptions, 'starter' | 'copied'> {
  const { CLONE_NEWTIME, CLONE_NEWUSER } = native.constants;
  const isEndangered = held?.cgroup?.endangersOwner === true;
  const isPlain = uid === undefined && gid === undefined && seccomp === undefined;
  if (isPlain && !isEndangered && (namespaces & (CLONE_NEWTIME | CLONE_NEWUSER)) === 0) return {};
  const copied = (isEndangered && held?.cgroup?.kills === true) || (namespaces & CLONE_NEWTIME) !== 0;
  return { starter: launcherPath(), copied };
}
