import type { ContainOptions } from '../../cage/contract/cage';
import { canLoad, loadNative } from '../../common/addon/load-native';
import { watcher } from '../../common/addon/watcher';
import { invalidArgument } from '../../common/errors/errors';
import { ProcessHandle } from '../../process/handle';
import { interceptChildren } from '../../process/intercept';
import { runNow } from '../../process/run-now';
import { refuse, type Starter } from '../../process/swap';
import { interceptSync, interceptsSync } from '../../process/sync-functions';
import { launchByNode, launchSyncByNode } from '../launch/launch-by-node';
import { createLaunch, createSyncLaunch, type LaunchRequest } from '../launch/launch-child';
import { type CageChoice, chooseCage } from '../request/cage-choice';
import { NOTHING } from '../request/cage-options';
import { cageAround, refuseOtherCopy, runWithin, turnsAround } from '../request/context';
import { homesFor } from '../request/homes';
import type { AnySharedCage } from '../request/member';
import type { Turns } from '../request/turns';
import { containIterator } from './contained-iterator';
import { aroundJob, handleOfJob, runJobNow } from './contained-job';
import { checkThreads, guardThreads } from './contained-threads';

/** What starts the children that are intercepted; undefined until one `contain()` was called. */
let intercepting: 'handle' | 'around' | undefined;

/**
 * Calls `fn`. Every child started in its async context, by whatever library, starts in the cage.
 *
 * @param turns what these children, each in a private cage within that one, get their turn from; undefined: they share the cage
 */
export function contain<T>(cage: AnySharedCage, fn: () => T, options: ContainOptions = {}, turns?: Turns): T {
  if (typeof fn !== 'function') throw invalidArgument('fn', 'a function', fn);
  const threads = checkThreads(options);
  cage.assertOpen();
  refuseOtherCopy();
  intercept();
  if (threads === 'refuse') guardThreads();
  const run = <R>(call: () => R): R => runWithin({ cage, threads, turns }, call);
  return containIterator(run(fn), run);
}

function intercept(): void {
  const kind = canLoad() ? 'handle' : 'around';
  if (intercepting === kind) {
    // Another package may have replaced the functions since.
    if (!interceptsSync()) refuseSync();
    return;
  }
  const intercepted = interceptSync(() => {
    const cage = cageAround();
    if (cage === undefined) return undefined;
    if (turnsAround() !== undefined) return runJobNow(chooseCage(NOTHING), intercepting ?? 'handle');
    const request = launchIn(cage);
    if (intercepting === 'around') return launchSyncByNode(request);
    return (given) => runNow(given, createSyncLaunch(request), loadNative());
  });
  if (!intercepted) refuseSync();
  interceptChildren(() => {
    const cage = cageAround();
    if (cage === undefined) return undefined;
    if (turnsAround() !== undefined) return jobStarter(chooseCage(NOTHING));
    return intercepting === 'around' ? { around: launchByNode(launchIn(cage)) } : { makeHandle: () => handleIn(cage) };
  }, kind);
  intercepting = kind;
}

function jobStarter(choice: CageChoice): Starter {
  if (intercepting === 'around') return { around: aroundJob(choice) };
  return { makeHandle: (child) => handleOfJob(choice, child) };
}

function refuseSync(): never {
  refuse('spawnSync, execSync and execFileSync could start children outside of the cage');
}

function handleIn(cage: AnySharedCage): ProcessHandle {
  return new ProcessHandle({ launch: createLaunch(launchIn(cage)), binding: loadNative(), refs: watcher().refs });
}

/**
 * For a child that knows nothing of memcage: nobody asks for its outcome, and its OOM kills are events of the cage.
 */
function launchIn(cage: AnySharedCage): LaunchRequest {
  const { nodeHeap, settings } = cage;
  return {
    namespaces: {},
    root: undefined,
    nodeHeap,
    settings,
    ...homesFor({ shared: cage, limits: undefined, within: undefined, nodeHeap, settings }, NOTHING),
    onCaged: () => {},
    onFailed: () => {},
    onEnded: () => {},
  };
}
