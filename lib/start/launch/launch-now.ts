import type { Attended } from '../../../types/native';
import { loadNative } from '../../common/addon/load-native';
import type { SyncLaunch } from '../../process/launch-contract';
import { runNow } from '../../process/run-now';
import type { RunSync } from '../../process/sync-functions';
import { killUnwatched } from '../child/kill-unwatched';
import { type ChildEnd, childEndOf } from '../child/outcome-recorder';
import { launchSyncByNode } from './launch-by-node';
import { noteStart } from './launch-child';
import type { Start } from './start';
import { startChild } from './start-child';

/** Runs the child of `start` in the place of Node's binding, and blocks until it has ended. */
export function runnerFor(start: Start): RunSync {
  if (start.byNode) return launchSyncByNode(start);
  return (given) => runNow(given, createSyncLaunch(start), loadNative());
}

/** A launch through the addon's clone, for a caller that waits with the pipes until the child has ended. */
function createSyncLaunch(start: Start): SyncLaunch {
  return (program, waitWithPipes) => {
    const native = loadNative();
    const started = startChild(native, program, start);
    if ('errno' in started) return started;
    const { held, heap, forerunner, pid, pidfd } = started;
    let end: ChildEnd;
    let exit: Attended;
    try {
      noteStart(native, started);
      exit = waitWithPipes(pidfd);
      end = childEndOf({ ...exit, ...forerunner?.end() }, heap);
    } catch (error) {
      killUnwatched(native, pidfd, held);
      start.failed(error as Error, held?.abandon());
      throw error;
    } finally {
      forerunner?.close();
    }
    native.closeFd({ fd: pidfd });
    const wasKilled = exit.error !== 0 || forerunner?.isInit === true || held?.wasKilled === true;
    const child = { pid, file: program.file, signal: end.signal, timeNs: end.timeNs, wasKilled };
    start.ended(end, held?.endedNow(end.signal), child);
    return { pid, exitCode: end.exitCode, signal: end.signal, errno: exit.errno };
  };
}
