import type { SpawnSyncOptions as NodeSpawnSyncOptions } from 'node:child_process';
import { createSyncLaunch } from '../cage/launch';
import { inspectable } from '../inspected';
import { defaultKillSignal } from '../namespaces';
import { loadNative } from '../native';
import type { ResolvedCageOptions } from '../options';
import { neverStarted, outcomeOf } from '../outcome';
import { enterPlace, memoryOfUnstarted, placeOf } from '../place';
import { runNow } from '../process/run-now';
import { spawnSyncWith } from '../process/sync-functions';
import type { AnyReturns, NodeReturns, SyncOutcome } from './returns';

/** Node's, but for the binding that it calls at last. */
export function runIntercepted(file: unknown, args: unknown, options: object, own: ResolvedCageOptions): AnyReturns {
  const native = loadNative();
  const startNs = native.monotonicNs();
  const place = placeOf(own);
  const unstarted = memoryOfUnstarted(place);
  let outcome: SyncOutcome | undefined;
  const launch = createSyncLaunch({
    namespaces: own.namespaces,
    nodeHeap: place.nodeHeap,
    enter: (plan) => enterPlace(place, own, plan),
    onEntered: () => {},
    onFailed: (error, end) => {
      outcome = outcomeOf(neverStarted(native.monotonicNs()), end, { startNs, unstarted, error });
    },
    onEnded: (child, end) => {
      outcome = outcomeOf(child, end, { startNs, unstarted, error: child.error ?? end?.error });
    },
  });
  const killSignal = (options as NodeSpawnSyncOptions).killSignal ?? defaultKillSignal(own.namespaces);
  const result = spawnSyncWith((request) => runNow(request, launch, native), file, args, {
    ...options,
    ...(killSignal !== undefined && { killSignal }),
  }) as NodeReturns;
  const { error } = result;
  // What ran out of fds while its pipes were being opened was not launched.
  outcome ??= outcomeOf(neverStarted(native.monotonicNs()), undefined, { startNs, unstarted, error });
  return Object.assign(result, { outcome: inspectable({ ...(error !== undefined && { error }), ...outcome }) });
}
