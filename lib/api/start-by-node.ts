import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { endSeenByNode } from '../child/child-end';
import { OutcomeRecorder } from '../child/outcome';
import type { Uncaged } from '../contract/cage';
import type { NodeCall } from '../process/node-call';
import { observe } from '../process/observe';
import { readStreams } from '../process/read-streams';
import { outcomeOnceRead, type Started } from './started';

/** Leaves a call that asks for nothing of memcage's to Node alone, where the addon does not load. */
export function startByNode({ name, options, invoke }: NodeCall): Started {
  const recorder = new OutcomeRecorder(nowNs(), null);
  const result = invoke(options);
  const child = name.endsWith('promise') ? (result as { child: ChildProcess }).child : (result as ChildProcess);
  let read: readonly Readable[] = [];
  observe(child, {
    onEnd: (exitCode, signal) => {
      read = readStreams(child);
      recorder.ended(endSeenByNode(exitCode, signal, nowNs()), undefined);
    },
    onError: (error) => {
      if (child.pid === undefined) recorder.failed(error, undefined, nowNs());
      else recorder.because(error);
    },
  });
  const outcome = outcomeOnceRead(recorder, () => read);
  return {
    child: Object.assign(child, { cage: null, outcome }) as ChildProcess & Uncaged,
    recorder,
    result,
    killAll: () => void child.kill('SIGKILL'),
  };
}

function nowNs(): number {
  return performance.now() * 1e6;
}
