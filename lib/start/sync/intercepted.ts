import type { SpawnSyncOptions as NodeSpawnSyncOptions } from 'node:child_process';
import type { EnforcedBy, Outcome } from '../../../types/outcome';
import { loadNative } from '../../common/addon/load-native';
import { inspectable } from '../../common/text/inspected';
import { defaultKillSignal } from '../../process/namespaces/namespaces';
import { runNow } from '../../process/run-now';
import { spawnSyncWith } from '../../process/sync-functions';
import { neverStarted } from '../child/child-end';
import { outcomeOf } from '../child/outcome';
import { createSyncLaunch } from '../launch/launch-child';
import { chooseCage, memoryOfUnstarted } from '../request/cage-choice';
import type { ResolvedCageOptions } from '../request/cage-options';
import { homesFor } from '../request/homes';
import { endingTurn, turnOf, withTurn } from '../request/take-turn';
import type { AnyReturns, NodeReturns, SyncOutcome } from './returns';

/** Runs Node's spawnSync, except for the binding that it calls in the end. */
export function runIntercepted(file: unknown, args: unknown, options: object, own: ResolvedCageOptions): AnyReturns {
  const native = loadNative();
  const startNs = native.monotonicNs();
  const choice = chooseCage(own);
  const unstarted = memoryOfUnstarted(choice);
  let outcome: SyncOutcome | undefined;
  let enforcedBy: EnforcedBy | null = null;
  const turn = turnOf(choice, own, { canWait: false });
  const launch = createSyncLaunch({
    namespaces: own.namespaces,
    root: own.root,
    nodeHeap: choice.nodeHeap,
    settings: choice.settings,
    ...withTurn(turn, homesFor(choice, own)),
    onCaged: (made) => {
      enforcedBy = made?.enforcedBy ?? null;
    },
    onFailed: (error, report) => {
      outcome = outcomeOf(neverStarted(native.monotonicNs()), report, { startNs, unstarted, error, enforcedBy });
    },
    onEnded: (child, report) => {
      outcome = outcomeOf(child, report, { startNs, unstarted, error: child.error ?? report?.error, enforcedBy });
    },
  });
  const killSignal = (options as NodeSpawnSyncOptions).killSignal ?? defaultKillSignal(own.namespaces);
  const result = endingTurn(turn, () =>
    spawnSyncWith((request) => runNow(request, launch, native), file, args, {
      ...options,
      ...(killSignal !== undefined && { killSignal }),
    }),
  ) as NodeReturns;
  const { error } = result;
  // Nothing was launched if Node ran out of fds while it opened the pipes.
  outcome ??= outcomeOf(neverStarted(native.monotonicNs()), undefined, { startNs, unstarted, error, enforcedBy });
  turn?.over({ outcome: outcome as Outcome });
  return Object.assign(result, { outcome: inspectable({ ...(error !== undefined && { error }), ...outcome }) });
}
