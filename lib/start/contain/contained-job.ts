import type { ChildProcess } from 'node:child_process';
import type { Outcome } from '../../../types/outcome';
import { undo } from '../../cgroup/processes/remove';
import { loadNative } from '../../common/addon/load-native';
import { watcher } from '../../common/addon/watcher';
import { ProcessHandle } from '../../process/handle';
import type { Launch } from '../../process/launch';
import { runNow } from '../../process/run-now';
import type { AroundStart } from '../../process/swap';
import type { RunSync } from '../../process/sync-functions';
import type { HeldChild } from '../child/held-child';
import { OutcomeRecorder } from '../child/outcome';
import { launchByNode, launchSyncByNode, nowNs } from '../launch/launch-by-node';
import { createLaunch, createSyncLaunch, type LaunchRequest } from '../launch/launch-child';
import { type CageChoice, memoryOfUnstarted } from '../request/cage-choice';
import { NOTHING } from '../request/cage-options';
import { homesFor } from '../request/homes';
import { endingTurn, turnOf, withTurn } from '../request/take-turn';
import type { Turn } from '../request/turns';

/** A child that knows nothing of memcage, and takes its turn. */
interface ContainedJob {
  readonly turn: Turn | undefined;
  readonly request: LaunchRequest;
  readonly recorder: OutcomeRecorder;
  /** The start has returned, with a child or without. */
  born(child: ChildProcess, pid: number | undefined): void;
}

/** The handle of a child that waits at a gate until it has its turn. */
export function handleOfJob(choice: CageChoice, child: ChildProcess): ProcessHandle {
  const native = loadNative();
  const job = containedJob(choice, { canWait: true, now: () => native.monotonicNs() });
  const start = createLaunch(job.request);
  const launch: Launch = (plan, onEnd) => {
    const launched = endingTurn(job.turn, () => start(plan, onEnd));
    job.born(child, 'errno' in launched ? undefined : launched.pid);
    return launched;
  };
  return new ProcessHandle({ launch, binding: native, refs: watcher().refs });
}

/** The same where Node starts it: there is no gate, so it must have its turn now. */
export function aroundJob(choice: CageChoice): AroundStart {
  return (child, given, proceed) => {
    const job = containedJob(choice, { canWait: false, now: nowNs });
    const result = endingTurn(job.turn, () => launchByNode(job.request)(child, given, proceed));
    job.born(child, child.pid);
    return result;
  };
}

/** For Node's synchronous functions: while they wait, nothing gives room back. */
export function runJobNow(choice: CageChoice, by: 'handle' | 'around'): RunSync {
  return (given, proceed) => {
    const now = by === 'handle' ? () => loadNative().monotonicNs() : nowNs;
    const { turn, request, recorder } = containedJob(choice, { canWait: false, now });
    const result = endingTurn(turn, () =>
      by === 'handle'
        ? runNow(given, createSyncLaunch(request), loadNative())
        : launchSyncByNode(request)(given, proceed),
    );
    turn?.over(recorder.outcome === undefined ? {} : { outcome: recorder.outcome as Outcome });
    return result;
  };
}

function containedJob(choice: CageChoice, { canWait, now }: { canWait: boolean; now: () => number }): ContainedJob {
  const turn = turnOf(choice, NOTHING, { canWait });
  const recorder = new OutcomeRecorder(now(), memoryOfUnstarted(choice));
  let held: HeldChild | undefined;
  const homes = homesFor(choice, NOTHING);
  const request: LaunchRequest = {
    namespaces: {},
    root: undefined,
    nodeHeap: choice.nodeHeap,
    settings: choice.settings,
    ...(canWait ? homes : withTurn(turn, homes)),
    ...(canWait && turn && { gateFor: (plan) => turn.take(plan) }),
    onCaged: (made) => {
      held = made;
      recorder.held = made;
    },
    onFailed: (error, report) => recorder.failed(error, report, now()),
    onEnded: (end, report) => recorder.ended(end, report),
  };
  return {
    turn,
    request,
    recorder,
    born(child, pid) {
      const killAll = (): void => {
        child.kill('SIGKILL');
        undo(() => held?.killAll());
      };
      turn?.born({ child, pid, cage: held?.self ?? null, recorder, killAll });
    },
  };
}
