import { constants } from 'node:os';
import type { CloneFailure, NativeBinding, WatchEvent } from '../../../types/native';
import { isNativeError } from '../../cgroup/directory/refusal';
import { loadNative } from '../../common/addon/load-native';
import { watcher } from '../../common/addon/watcher';
import { ProcessHandle } from '../../process/handle';
import type { Launch, Launched, OnEnd, Program } from '../../process/launch-contract';
import { killUnwatched } from '../child/kill-unwatched';
import { type ChildEnd, childEndOf } from '../child/outcome-recorder';
import { type ExplainedFailure, explainFailure } from '../refusals/explain-failure';
import { foreseeProgram } from '../refusals/foreseen-program';
import type { Gate } from '../request/gate';
import type { Start } from './start';
import { type StartedChild, startChild } from './start-child';

const { ESRCH } = constants.errno;
const { SIGKILL } = constants.signals;

/** What Node drives the child with. */
export function handleWith(launch: Launch): ProcessHandle {
  return new ProcessHandle({ launch, binding: loadNative(), refs: watcher().refs });
}

/** A {@link Launch} through the addon's clone. */
export function createLaunch(start: Start): Launch {
  return (program, onEnd) => {
    const native = loadNative();
    // Start the watcher now, so that it can only fail before there is a child.
    watcher();
    const gate = takeGate(program, start);
    if (typeof gate === 'number') return { errno: gate };
    const started = startChild(native, program, start, gate);
    return 'errno' in started ? started : new WatchedChild(native, started, { program: keptOf(program), start, onEnd });
  };
}

/** What is asked of the program while the child runs. The rest, such as its environment, is large. */
type KeptProgram = Pick<Program, 'file' | 'detached'>;

function keptOf({ file, detached }: Program): KeptProgram {
  return { file, detached };
}

/** @returns an errno for a program that can't be run: it is refused before it waits */
function takeGate(program: Program, start: Start): Gate | undefined | number {
  if (!start.needsTurn) return undefined;
  const errno = foreseeProgram(program, start.request);
  if (errno !== undefined) {
    const failure: CloneFailure = { stage: 'exec', errno, path: program.file, syscall: 'execve' };
    start.failed(explainFailure(failure, start.request).error);
    return errno;
  }
  try {
    return start.take(program);
  } catch (error) {
    start.failed(error as Error);
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
    private readonly context: { program: KeptProgram; start: Start; onEnd: OnEnd },
  ) {
    this.pid = started.pid;
    const { held, forerunner, pidfd } = started;
    try {
      // Before the watcher knows of the child: it removes the cgroup once the child has ended.
      noteStart(native, started);
      const cleanUp = held?.cgroup?.exitCleanUp;
      const detached = context.program.detached && held?.diesWithOwner !== true;
      const options = { detached, ending: cleanUp?.plan };
      const dropEnding = watcher().child(pidfd, options, (event) => this.#exited(event));
      // Nothing fails from here on: the watcher reports the end, which gives everything back.
      cleanUp?.handOver(dropEnding);
    } catch (error) {
      killUnwatched(native, pidfd, held);
      forerunner?.close();
      context.start.failed(error as Error, held?.abandon());
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
    this.context.start.exited();
    const { heap, forerunner, pidfd } = this.started;
    try {
      const late = this.#failureAtGate();
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
  #failureAtGate(): (ExplainedFailure & { errno: number }) | undefined {
    const { held, forerunner } = this.started;
    const failure = forerunner?.failure();
    if (failure === undefined) return undefined;
    const explained = explainFailure(failure, { ...this.context.start.request, cgroup: held?.cgroup });
    return { ...explained, errno: failure.errno };
  }

  #endUnstarted(error: Error, texts: readonly string[] | undefined): void {
    const { held } = this.started;
    const { start } = this.context;
    if (held === undefined) start.failed(error);
    else held.ended(null, texts, (report) => start.failed(error, report));
  }

  #endCaged(end: ChildEnd, texts: readonly string[] | undefined): void {
    const { held, forerunner } = this.started;
    const { program, start } = this.context;
    if (held === undefined) {
      start.ended(end, undefined);
      return;
    }
    // Ask before memcage kills what the child left.
    const wasKilled = this.#wasSentKill || forerunner?.isInit === true || held.wasKilled;
    const child = { pid: this.pid, file: program.file, signal: end.signal, timeNs: end.timeNs, wasKilled };
    held.ended(end.signal, texts, (report) => start.ended(end, report, child));
  }
}

/** Tells the place of the child that it runs. */
export function noteStart(native: NativeBinding, { held, pid, pidfd }: StartedChild): void {
  held?.started(pid, () => void sendSignal(native, pidfd, SIGKILL));
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
