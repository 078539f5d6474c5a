import { constants } from 'node:os';
import type { Attended, CloneFailure, NativeBinding, WatchEvent } from '../../../types/native';
import { isGone, isNativeError } from '../../cgroup/directory/refusal';
import { loadNative } from '../../common/addon/load-native';
import { watcher } from '../../common/addon/watcher';
import type { Launch, Launched, LaunchPlan, OnEnd, SyncLaunch } from '../../process/launch';
import { type ChildEnd, childEndOf } from '../child/child-end';
import { endChild } from '../child/end-child';
import type { KernelReport } from '../child/kernel-report';
import { withChild } from '../child/victim';
import { type ExplainedFailure, explainFailure } from '../refusals/failure';
import { foreseeProgram } from '../refusals/foreseen-program';
import type { Gate } from '../request/gate';
import { type StartedChild, type StartRequest, startChild } from './start-child';

/** How long to wait for the end of a child whose cgroup is gone: it leaves its cgroup a moment before its end shows. */
const END_MS = 1000;

const { ESRCH } = constants.errno;
const { SIGKILL } = constants.signals;

export interface LaunchRequest extends Omit<StartRequest, 'gate'> {
  /**
   * Where the child is to wait, once it is born; undefined: nowhere. Asked once, when nothing speaks against the start and
   * before anything is made for it. `onFailed` gets what this throws. Left out: it need not wait.
   */
  gateFor?(plan: LaunchPlan): Gate | undefined;
  /** Also called once a child has ended that waited at its gate, if it could not become its program then. */
  onFailed: StartRequest['onFailed'];
  /** Called before the child's 'exit', or later if it left something running. `report` is undefined without a cage. */
  onEnded(child: ChildEnd, report: KernelReport | undefined): void;
}

/** A {@link Launch} through the addon's clone. */
export function createLaunch(request: LaunchRequest): Launch {
  return (plan, onEnd) => {
    const native = loadNative();
    // Start the watcher now, so that it can only fail before there is a child.
    watcher();
    const gate = takeGate(plan, request);
    if (typeof gate === 'number') return { errno: gate };
    const started = startChild(native, plan, { ...request, gate });
    return 'errno' in started ? started : new WatchedChild(native, started, { plan: keptOf(plan), request, onEnd });
  };
}

/** What is asked of the plan while the child runs. The rest, such as its environment, is large. */
type KeptPlan = Pick<LaunchPlan, 'file' | 'detached'>;

function keptOf({ file, detached }: LaunchPlan): KeptPlan {
  return { file, detached };
}

/** @returns an errno for a program that can't be run: it is refused before it waits */
function takeGate(plan: LaunchPlan, request: LaunchRequest): Gate | undefined | number {
  if (request.gateFor === undefined) return undefined;
  const errno = foreseeProgram(plan, request);
  if (errno !== undefined) {
    const failure: CloneFailure = { stage: 'exec', errno, path: plan.file, syscall: 'execve' };
    request.onFailed(explainFailure(failure, { ...request, home: undefined, isLate: false }).error, undefined);
    return errno;
  }
  try {
    return request.gateFor(plan);
  } catch (error) {
    request.onFailed(error as Error, undefined);
    throw error;
  }
}

/** A running child. Its end gives back everything it holds: its cage, the fds of its init, its pidfd. */
class WatchedChild implements Launched {
  readonly pid: number;
  #isRunning = true;
  #wasSentKill = false;

  constructor(
    private readonly native: NativeBinding,
    private readonly started: StartedChild,
    private readonly context: { plan: KeptPlan; request: LaunchRequest; onEnd: OnEnd },
  ) {
    this.pid = started.pid;
    const { caged, forerunner, pidfd } = started;
    try {
      // Before the watcher knows of the child: it removes the cgroup once the child has ended.
      noteStart(native, started);
      const cleanUp = caged?.home?.exitCleanUp;
      const detached = context.plan.detached && caged?.diesWithOwner !== true;
      const options = { detached, ending: cleanUp?.plan };
      const dropEnding = watcher().child(pidfd, options, (event) => this.#exited(event));
      // Nothing fails from here on: the watcher reports the end, which gives everything back.
      cleanUp?.handOver(dropEnding);
    } catch (error) {
      endChild(native, pidfd, caged);
      forerunner?.close();
      context.request.onFailed(error as Error, caged?.abandon());
      throw error;
    }
  }

  kill(signal: number): number {
    if (!this.#isRunning) return -ESRCH;
    this.#wasSentKill ||= signal === SIGKILL;
    return sendSignal(this.native, this.started.pidfd, signal);
  }

  #exited(event: Extract<WatchEvent, { kind: 'exit' }>): void {
    this.#isRunning = false;
    const { heap, forerunner, pidfd } = this.started;
    try {
      const late = this.#lateFailure();
      const end = childEndOf({ ...event, ...forerunner?.end() }, heap);
      // Before 'exit', so that listeners find the cage gone and the outcome recorded, unless something was left running.
      if (late === undefined) this.#endCaged(end, event.texts);
      else this.#endUnstarted(late.error, event.texts);
      if (late === undefined) this.context.onEnd(end.exitCode, end.signal, event.errno, { cause: end.error });
      else this.context.onEnd(null, null, late.errno, late.asNode ? { cause: late.cause } : { instead: late.error });
    } finally {
      forerunner?.close();
      this.native.closeFd({ fd: pidfd });
    }
  }

  /** Why it ended at its gate, or behind it before its program ran. */
  #lateFailure(): (ExplainedFailure & { errno: number }) | undefined {
    const { caged, forerunner } = this.started;
    const failure = forerunner?.failure();
    if (failure === undefined) return undefined;
    const { namespaces, root, settings } = this.context.request;
    const explained = explainFailure(failure, { home: caged?.home, namespaces, root, settings, isLate: false });
    return { ...explained, errno: failure.errno };
  }

  #endUnstarted(error: Error, texts: readonly string[] | undefined): void {
    const { caged } = this.started;
    const { request } = this.context;
    if (caged === undefined) request.onFailed(error, undefined);
    else caged.ended(null, texts, (report) => request.onFailed(error, report));
  }

  #endCaged(end: ChildEnd, texts: readonly string[] | undefined): void {
    const { caged, forerunner } = this.started;
    const { plan, request } = this.context;
    if (caged === undefined) {
      request.onEnded(end, undefined);
      return;
    }
    // Ask before memcage kills what the child left.
    const wasKilled = this.#wasSentKill || forerunner?.isInit === true || caged.wasKilled;
    const child = { pid: this.pid, file: plan.file, signal: end.signal, wasKilled };
    caged.ended(end.signal, texts, (report) => request.onEnded(end, withChild(report, child)));
  }
}

/** Like {@link createLaunch}, for a caller that waits with the pipes until the child has ended. */
export function createSyncLaunch(request: Omit<LaunchRequest, 'gateFor'>): SyncLaunch {
  return (plan, waitWithPipes) => {
    const native = loadNative();
    const started = startChild(native, plan, request);
    if ('errno' in started) return started;
    const { caged, heap, forerunner, pid, pidfd } = started;
    let end: ChildEnd;
    let exit: Attended;
    try {
      noteStart(native, started);
      exit = waitWithPipes(pidfd);
      end = childEndOf({ ...exit, ...forerunner?.end() }, heap);
    } catch (error) {
      endChild(native, pidfd, caged);
      request.onFailed(error as Error, caged?.abandon());
      throw error;
    } finally {
      forerunner?.close();
    }
    native.closeFd({ fd: pidfd });
    const wasKilled = exit.error !== 0 || forerunner?.isInit === true || caged?.wasKilled === true;
    const child = { pid, file: plan.file, signal: end.signal, wasKilled };
    request.onEnded(end, withChild(caged?.endedNow(end.signal), child));
    return { pid, exitCode: end.exitCode, signal: end.signal, errno: exit.errno };
  };
}

/** Someone may have removed the cgroup of a child that has ended. Its deferred limits don't matter then. */
function noteStart(native: NativeBinding, { caged, pid, pidfd }: StartedChild): void {
  try {
    caged?.started(pid, () => void sendSignal(native, pidfd, SIGKILL));
  } catch (error) {
    if (!isGone(error) || !native.waitReadable({ fd: pidfd, timeoutMs: END_MS })) throw error;
  }
}

function sendSignal(native: NativeBinding, pidfd: number, signal: number): number {
  try {
    native.pidfdSendSignal({ pidfd, signal });
    return 0;
  } catch (error) {
    if (!isNativeError(error)) throw error;
    // The watcher has reaped it. Until 'exit' is emitted, Node treats it as a zombie, which still accepts signals.
    return error.errno === -ESRCH ? 0 : error.errno;
  }
}
