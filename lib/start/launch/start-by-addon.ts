import type { ChildProcess } from 'node:child_process';
import { type EventEmitter, errorMonitor } from 'node:events';
import type { Readable } from 'node:stream';
import type { NamespaceOptions } from '../../../types/options';
import type { Cage, Caged, Uncaged } from '../../cage/contract/cage';
import { undo } from '../../cgroup/processes/remove';
import { loadNative } from '../../common/addon/load-native';
import { watcher } from '../../common/addon/watcher';
import { ProcessHandle } from '../../process/handle';
import { callWithHandle } from '../../process/intercept';
import type { Launch } from '../../process/launch';
import { defaultKillSignal } from '../../process/namespaces/namespaces';
import { isOptions, type NodeCall } from '../../process/node-call';
import { readStreams } from '../../process/read-streams';
import type { HeldChild } from '../child/held-child';
import { OutcomeRecorder } from '../child/outcome';
import { memoryOfUnstarted } from '../request/cage-choice';
import type { ResolvedCageOptions } from '../request/cage-options';
import { homesFor } from '../request/homes';
import { endingTurn } from '../request/take-turn';
import { createLaunch } from './launch-child';
import { type Admitted, outcomeOnceRead, type Started } from './started';

/** Where the addon loads. */
export function startByAddon(call: NodeCall, own: ResolvedCageOptions, { choice, turn }: Admitted): Started {
  const native = loadNative();
  const recorder = new OutcomeRecorder(native.monotonicNs(), memoryOfUnstarted(choice));
  let cage: Cage | null = choice.shared?.self ?? null;
  let caged: HeldChild | undefined;
  const launch = createLaunch({
    ...(turn && { gateFor: (plan) => turn.take(plan) }),
    namespaces: own.namespaces,
    root: own.root,
    nodeHeap: choice.nodeHeap,
    settings: choice.settings,
    ...homesFor(choice, own),
    onCaged: (made) => {
      caged = made;
      recorder.held = made;
      cage = made?.self ?? null;
    },
    onFailed: (error, report) => recorder.failed(error, report, native.monotonicNs()),
    onEnded: (child, report) => recorder.ended(child, report),
  });
  let read: Readable[] = [];
  const noting: Launch = (plan, onEnd) =>
    launch(plan, (...end) => {
      read = readStreams(child);
      onEnd(...end);
    });
  const { result, child } = endingTurn(turn, callThrough(call, own, noting));
  // Only observes: an 'error' that nobody handles must still be thrown.
  (child as EventEmitter).on(errorMonitor, (error: Error) => {
    // If not even its pipes could be opened (EMFILE), nothing was launched that could have failed.
    if (child.pid === undefined) recorder.failed(error, undefined, native.monotonicNs());
    else recorder.heard(error);
  });
  const outcome = outcomeOnceRead(recorder, () => read);
  const killAll = (): void => {
    // Reaches the child even if its cgroup is gone or can't be read.
    child.kill('SIGKILL');
    undo(() => caged?.killAll());
  };
  const started = {
    child: Object.assign(child, { cage, outcome }) as ChildProcess & (Caged | Uncaged),
    recorder,
    result,
    killAll,
  };
  turn?.born({ ...started, pid: child.pid, cage });
  return started;
}

/** The functions of {@link startByAddon} live as long as the child does: the call, with the environment, must not be where they are. */
function callThrough(
  call: NodeCall,
  { namespaces, ipcHandles }: Pick<ResolvedCageOptions, 'namespaces' | 'ipcHandles'>,
  launch: Launch,
): () => { result: unknown; child: ChildProcess } {
  return () =>
    callWithHandle(
      { ...call, options: withKillSignal(call.options, namespaces) },
      () => new ProcessHandle({ launch, binding: loadNative(), refs: watcher().refs }),
      ipcHandles,
    );
}

/** Changes the object itself, which {@link callWithHandle} may. */
function withKillSignal(options: unknown, namespaces: NamespaceOptions): unknown {
  const killSignal = defaultKillSignal(namespaces);
  if (killSignal !== undefined && isOptions(options)) (options as { killSignal?: unknown }).killSignal ??= killSignal;
  return options;
}
