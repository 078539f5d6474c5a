import { loadNative } from '../addon/load-native';
import { watcher } from '../addon/watcher';
import type { SharedCage } from '../cage/shared-cage';
import { createLaunch, createSyncLaunch, type LaunchRequest } from '../child/launch-child';
import { LeafChild } from '../child/leaf-child';
import { ErrorCode, invalidArgument, MemcageError } from '../errors/errors';
import { ProcessHandle } from '../process/handle';
import { interceptChildren } from '../process/intercept';
import { runNow } from '../process/run-now';
import { refuse } from '../process/swap';
import { interceptSync, interceptsSync } from '../process/sync-functions';
import { cageAround, refuseOtherCopy, runWithin } from '../request/context';
import { containIterator } from './contained-iterator';

let intercepting = false;

/** Calls `fn`. Every child started in its async context, by whatever library, starts in the cage. */
export function contain<T>(cage: SharedCage, fn: () => T): T {
  if (typeof fn !== 'function') throw invalidArgument('fn', 'a function', fn);
  if (cage.closing) throw new MemcageError(ErrorCode.CLOSED, `The cage ${cage.cgroup.path} is closed`);
  refuseOtherCopy();
  interceptOnce();
  const run = <R>(call: () => R): R => runWithin(cage, call);
  return containIterator(run(fn), run);
}

function interceptOnce(): void {
  if (intercepting) {
    // Another package may have replaced the functions since.
    if (!interceptsSync()) refuseSync();
    return;
  }
  const intercepted = interceptSync(() => {
    const cage = cageAround();
    return cage && ((request) => runNow(request, createSyncLaunch(launchIn(cage)), loadNative()));
  });
  if (!intercepted) refuseSync();
  interceptChildren(() => {
    const cage = cageAround();
    return cage && (() => handleIn(cage));
  });
  intercepting = true;
}

function refuseSync(): never {
  refuse('spawnSync, execSync and execFileSync could start children outside of the cage');
}

function handleIn(cage: SharedCage): ProcessHandle {
  return new ProcessHandle({ launch: createLaunch(launchIn(cage)), binding: loadNative(), refs: watcher().refs });
}

/**
 * For a child that knows nothing of memcage: nobody asks for its outcome, and its OOM kills are events of the cage.
 */
function launchIn(cage: SharedCage): LaunchRequest {
  return {
    namespaces: {},
    nodeHeap: cage.nodeHeap,
    makeCaged: () => new LeafChild(cage),
    onCaged: () => {},
    onFailed: () => {},
    onEnded: () => {},
  };
}
