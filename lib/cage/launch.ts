import { constants } from 'node:os';
import type { Attended, ChildExit, CloneOptions, CloneResult, NativeBinding } from '../../types/native';
import type { NamespaceOptions } from '../../types/options';
import type { CpuReport, FaultReport } from '../../types/outcome';
import { isGone, isNativeError } from '../cgroup/refusal';
import { hasCgroupNamespace, hasInit, hasPidNamespace, planNamespaces } from '../namespaces';
import { loadNative } from '../native';
import { type LimitedHeap, type NodeHeapSetting, withNodeHeap } from '../node-heap';
import type { Launch, LaunchPlan, SyncLaunch } from '../process/launch';
import { watch } from '../watch';
import { canCloneInto, lacksCloneInto } from './clone-into';
import { endChild } from './end-child';
import { type ExplainedFailure, explainFailure } from './failure';
import { type Init, openInit } from './init';
import { explainLostStatus } from './lost-status';
import type { Stay, StayEnd } from './stay';
import { withChild } from './victim';

/** A cold file system may take seconds to load a program; nothing sane takes longer. */
const WATCHDOG_MS = 10_000;

/** A child leaves its cgroup a moment before its end can be seen. */
const END_MS = 1000;

const { ENODEV, ENOENT, ESRCH } = constants.errno;
const { SIGKILL } = constants.signals;

const SIGNAL_NAMES = new Map(
  Object.entries(constants.signals).map(([name, number]) => [number, name as NodeJS.Signals]),
);
// Names that share a number with a better known one.
SIGNAL_NAMES.set(constants.signals.SIGABRT, 'SIGABRT').set(constants.signals.SIGIO, 'SIGIO');

/** How a child ended. */
export interface ChildEnd {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  cpu: CpuReport;
  faults: FaultReport;
  /** CLOCK_MONOTONIC. */
  timeNs: number;
  /** Undefined where it was given no limit. */
  heap: LimitedHeap | undefined;
  /** Its status could not be had. */
  error?: Error;
}

export interface LaunchRequest {
  namespaces: NamespaceOptions;
  nodeHeap: NodeHeapSetting;
  /** Makes the place that the child lives in; it returns undefined for where its parent is. */
  enter(plan: LaunchPlan): Stay | undefined;
  onEntered(stay: Stay | undefined): void;
  onFailed(error: Error, end: StayEnd | undefined): void;
  /** `stay` is undefined without a cage. Called before the child's 'exit', or later when something is left running. */
  onEnded(child: ChildEnd, stay: StayEnd | undefined): void;
}

/** A {@link Launch} through the addon's clone. */
export function createLaunch(request: LaunchRequest): Launch {
  return (plan, onEnd) => {
    const native = loadNative();
    const { child: watchChild } = watch();
    const attempt = start(native, plan, request);
    if ('errno' in attempt) return attempt;
    const { stay, heap, init, pid, pidfd } = attempt;
    let running = true;
    let wasSent = false;
    let dropEnding: () => void;
    try {
      // Before the watcher knows of the child, which removes the cgroup of one that has ended.
      noteStart(native, stay, pidfd);
      dropEnding = watchChild(pidfd, { detached: plan.detached, ending: stay?.group.ending }, (event) => {
        running = false;
        try {
          const end = childEnd({ ...event, ...init?.end() }, heap);
          // Before 'exit', so that its listeners find the cage gone and the outcome there.
          if (stay === undefined) request.onEnded(end, undefined);
          else {
            // Asked before what is left of it is killed.
            const wasKilled = wasSent || init !== undefined || stay.wasKilled;
            const child = { pid, file: plan.file, signal: end.signal, wasKilled };
            stay.ended(end.signal, event.texts, (stayEnd) => request.onEnded(end, withChild(stayEnd, child)));
          }
          onEnd(end.exitCode, end.signal, event.errno);
        } finally {
          init?.close();
          native.closeFd({ fd: pidfd });
        }
      });
    } catch (error) {
      endChild(native, pidfd);
      init?.close();
      request.onFailed(error as Error, stay?.abandon());
      throw error;
    }
    // Nothing fails from here on: its end is told of, and gives everything back.
    stay?.group.endingIsUp(dropEnding);
    const kill = (signal: number): number => {
      if (!running) return -ESRCH;
      wasSent ||= signal === SIGKILL;
      return send(native, pidfd, signal);
    };
    return { pid, kill };
  };
}

/** The same for a caller that waits for the child's end. */
export function createSyncLaunch(request: LaunchRequest): SyncLaunch {
  return (plan, attend) => {
    const native = loadNative();
    const attempt = start(native, plan, request);
    if ('errno' in attempt) return attempt;
    const { stay, heap, init, pid, pidfd } = attempt;
    let end: ChildEnd;
    let exit: Attended;
    try {
      noteStart(native, stay, pidfd);
      exit = attend(pidfd);
      end = childEnd({ ...exit, ...init?.end() }, heap);
    } catch (error) {
      endChild(native, pidfd);
      request.onFailed(error as Error, stay?.abandon());
      throw error;
    } finally {
      init?.close();
    }
    native.closeFd({ fd: pidfd });
    const wasKilled = exit.error !== 0 || init !== undefined || stay?.wasKilled === true;
    const child = { pid, file: plan.file, signal: end.signal, wasKilled };
    request.onEnded(end, withChild(stay?.endedNow(end.signal), child));
    return { pid, exitCode: end.exitCode, signal: end.signal, errno: exit.errno };
  };
}

interface Running {
  init: Init | undefined;
  stay: Stay | undefined;
  heap: LimitedHeap | undefined;
  pid: number;
  pidfd: number;
}

function start(native: NativeBinding, given: LaunchPlan, request: LaunchRequest): Running | { errno: number } {
  const { namespaces, nodeHeap } = request;
  let startMs = 0;
  const enterAndClone = (): Omit<Running, 'pid' | 'pidfd'> & { result: CloneResult } => {
    const stay = request.enter(given);
    let init: Init | undefined;
    try {
      request.onEntered(stay);
      const ceiling = { bytes: stay?.group.ceilingBytes, isHidden: hasCgroupNamespace(namespaces) };
      const { env, limitBytes } = withNodeHeap(given, nodeHeap, ceiling);
      const plan = { ...given, env };
      const isPidOne = hasPidNamespace(namespaces) && !hasInit(namespaces);
      const heap = limitBytes === undefined ? undefined : { limitBytes, isPidOne };
      startMs = performance.now();
      init = hasInit(namespaces) ? openInit(native, plan) : undefined;
      const result = cloneChild(native, init?.plan ?? plan, namespaces, stay);
      return { stay, heap, init, result: init?.settle(result, WATCHDOG_MS) ?? result };
    } catch (error) {
      init?.close();
      stay?.abandon();
      throw error;
    }
  };
  let attempt: ReturnType<typeof enterAndClone>;
  try {
    attempt = enterAndClone();
    if (foundNoCgroup(attempt.result)) {
      // Someone has removed it: empty ones are, by some, and a cage may have been ready for a while. A new one is not.
      attempt.init?.close();
      attempt.stay?.abandon();
      attempt = enterAndClone();
    }
  } catch (error) {
    request.onFailed(error as Error, undefined);
    // What ran out of fds while it was preparing is the same to the caller as what ran out in the clone.
    if (isNativeError(error)) return { errno: error.errno };
    throw error;
  }
  const { stay, heap, init, result } = attempt;
  if (!('stage' in result)) return { stay, heap, init, ...result };
  init?.close();
  const isLate = performance.now() - startMs >= WATCHDOG_MS;
  let explained: ExplainedFailure;
  try {
    explained = explainFailure(result, { group: stay?.group, namespaces, isLate });
  } catch (error) {
    request.onFailed(error as Error, stay?.abandon());
    throw error;
  }
  const { error, asNode } = explained;
  request.onFailed(error, stay?.abandon());
  if (asNode) return { errno: result.errno };
  throw error;
}

/** The child wrote to the `tasks` of a removed cgroup, or was to be cloned into one. */
function foundNoCgroup(result: CloneResult): boolean {
  if (!('stage' in result) || (result.stage !== 'cgroup' && result.stage !== 'clone')) return false;
  return result.errno === -ENODEV || result.errno === -ENOENT;
}

function cloneChild(
  native: NativeBinding,
  plan: LaunchPlan,
  namespaces: NamespaceOptions,
  stay: Stay | undefined,
): CloneResult {
  const entry = stay?.group.enter({ cloneInto: canCloneInto() });
  let result: CloneResult;
  try {
    const place = entry?.fds ?? { joinFds: [] };
    result = native.clone({ ...commonOptions(native, plan, namespaces, stay), ...place, closesFds: true });
    entry?.spent();
  } finally {
    entry?.close();
  }
  if (entry?.fds.intoCgroupFd === undefined || !lacksCloneInto(result)) return result;
  return cloneChild(native, plan, namespaces, stay);
}

function commonOptions(
  native: NativeBinding,
  plan: LaunchPlan,
  namespaces: NamespaceOptions,
  stay: Stay | undefined,
): Omit<CloneOptions, 'joinFds'> {
  const { uid, gid } = plan;
  // uid, gid: a change of ids with shared memory would make the parent undumpable. time: CLONE_VM can't be combined with
  // CLONE_NEWTIME before Linux 6.3. oom.group, of a shared cage or of a cgroup above: an OOM kill of the whole group would take the parent too.
  const shareMemory =
    uid === undefined && gid === undefined && namespaces.time !== true && stay?.group.killsAsGroup() !== true;
  return {
    ...plan,
    ...planNamespaces(namespaces, native),
    killWithParent: !plan.detached,
    guarded: stay?.group.hasGuardian === true,
    shareMemory,
    watchdogMs: WATCHDOG_MS,
  };
}

/** Of a child that has ended the cgroup may be gone, removed by someone else: then no limit is missing in it. */
function noteStart(native: NativeBinding, stay: Stay | undefined, pidfd: number): void {
  try {
    stay?.started();
  } catch (error) {
    if (!isGone(error) || !native.waitReadable({ fd: pidfd, timeoutMs: END_MS })) throw error;
  }
}

function childEnd({ exitCode, signal, usage, timeNs, errno }: ChildExit, heap: LimitedHeap | undefined): ChildEnd {
  return {
    exitCode,
    signal: signal === null ? null : (SIGNAL_NAMES.get(signal) ?? (`SIG${signal}` as NodeJS.Signals)),
    cpu: { userMs: usage.userUs / 1000, systemMs: usage.systemUs / 1000 },
    faults: { minor: usage.minorFaults, major: usage.majorFaults },
    timeNs,
    heap,
    ...(errno !== 0 && { error: explainLostStatus(errno) }),
  };
}

function send(native: NativeBinding, pidfd: number, signal: number): number {
  try {
    native.pidfdSendSignal({ pidfd, signal });
    return 0;
  } catch (error) {
    if (!isNativeError(error)) throw error;
    // Its status has been taken by the watcher. Until 'exit' is emitted that is a zombie to Node, which takes signals.
    return error.errno === -ESRCH ? 0 : error.errno;
  }
}
