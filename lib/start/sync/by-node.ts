import { permissionModelAllows, refuse } from '../../process/swap';
import { interceptsSync, spawnSyncWith } from '../../process/sync-functions';
import type { HeldChild } from '../child/held-child';
import { launchSyncByNode } from '../launch/launch-by-node';
import { type CageChoice, memoryOfUnstarted } from '../request/cage-choice';
import type { ResolvedCageOptions } from '../request/cage-options';
import { homesFor } from '../request/homes';
import { endingTurn, turnOf, withTurn } from '../request/take-turn';
import { type AnyReturns, type NodeReturns, withOutcome } from './returns';

/** Where the addon does not load. What only the addon can do must have been refused. */
export function runByNode(
  file: unknown,
  args: unknown,
  options: object,
  { own, choice }: { own: ResolvedCageOptions; choice: CageChoice },
): AnyReturns {
  // Where the permission model forbids children, Node says so itself.
  if (permissionModelAllows() && !interceptsSync()) refuse('this call could start a child outside of its cage');
  const startMs = performance.now();
  let held: HeldChild | undefined;
  let end: Parameters<typeof withOutcome>[1] = {
    oom: null,
    memory: memoryOfUnstarted(choice),
    limits: {},
    enforcedBy: null,
  };
  const turn = turnOf(choice, own, { canWait: false });
  const launch = launchSyncByNode({
    nodeHeap: choice.nodeHeap,
    ...withTurn(turn, homesFor(choice, own)),
    onCaged: (made) => {
      held = made;
    },
    onFailed: () => {},
    onEnded: ({ heap }, report) => {
      end = { ...end, ...report, heap };
    },
  });
  const result = endingTurn(turn, () => spawnSyncWith(launch, file, args, options)) as NodeReturns;
  turn?.over({});
  return withOutcome(result, { ...end, enforcedBy: held?.enforcedBy ?? null }, startMs);
}
