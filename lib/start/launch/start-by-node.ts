import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Cage, Caged, Uncaged } from '../../cage/contract/cage';
import { undo } from '../../cgroup/processes/remove';
import { callAround } from '../../process/intercept';
import type { NodeCall } from '../../process/node-call';
import { readStreams } from '../../process/read-streams';
import type { HeldChild } from '../child/held-child';
import { OutcomeRecorder } from '../child/outcome';
import { memoryOfUnstarted } from '../request/cage-choice';
import type { ResolvedCageOptions } from '../request/cage-options';
import { homesFor } from '../request/homes';
import { isPlain } from '../request/is-plain';
import { endingTurn, withTurn } from '../request/take-turn';
import { followToItsEnd, launchByNode, type NodeLaunchRequest, nowNs } from './launch-by-node';
import { type Admitted, outcomeOnceRead, type Started } from './started';

/** Where the addon does not load. What only the addon can do must have been refused. */
export function startByNode(call: NodeCall, own: ResolvedCageOptions, { choice, turn }: Admitted): Started {
  const recorder = new OutcomeRecorder(nowNs(), memoryOfUnstarted(choice));
  let cage: Cage | null = choice.shared?.self ?? null;
  let caged: HeldChild | undefined;
  let read: readonly Readable[] = [];
  const request: NodeLaunchRequest = {
    nodeHeap: choice.nodeHeap,
    ...withTurn(turn, homesFor(choice, own)),
    onCaged: (made) => {
      caged = made;
      recorder.held = made;
      cage = made?.self ?? null;
    },
    onFailed: (error, report) => recorder.failed(error, report, nowNs()),
    onError: (error) => recorder.heard(error),
    onExit: () => {
      read = readStreams(child);
    },
    onEnded: (end, report) => recorder.ended(end, report),
  };
  const { child, result } = endingTurn(turn, () =>
    isPlain(own, choice) && own.ipcHandles
      ? startAlone(call, request)
      : callAround(call, launchByNode(request), own.ipcHandles),
  );
  const outcome = outcomeOnceRead(recorder, () => read);
  const started = {
    child: Object.assign(child, { cage, outcome }) as ChildProcess & (Caged | Uncaged),
    recorder,
    result,
    killAll: () => {
      child.kill('SIGKILL');
      undo(() => caged?.killAll());
    },
  };
  turn?.born({ ...started, pid: child.pid, cage });
  return started;
}

/** Leaves the call to Node alone: nothing of Node's is tried or replaced. */
function startAlone(
  { name, options, invoke }: NodeCall,
  request: NodeLaunchRequest,
): { child: ChildProcess; result: unknown } {
  const result = invoke(options);
  const child = name.endsWith('promise') ? (result as { child: ChildProcess }).child : (result as ChildProcess);
  followToItsEnd(child, request);
  return { child, result };
}
