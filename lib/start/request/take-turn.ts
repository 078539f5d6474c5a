import { hasInit } from '../../process/namespaces/namespaces';
import type { StartRequest } from '../launch/start-child';
import type { CageChoice } from './cage-choice';
import type { ResolvedCageOptions } from './cage-options';
import type { Turn } from './turns';

type Homes = Pick<StartRequest, 'makeCaged' | 'onRefused'>;

/** More than the kernel charges for a launcher that waits, with its cgroup: 140 KB, some 70 KB of which are its own. */
const LAUNCHER_BYTES = 256 << 10;
/** The same with an init, which is a second process, and a copy in memory. */
const INIT_BYTES = 2 << 20;

/** The turn of a child that needs one. */
export function turnOf(
  { turns, limits }: CageChoice,
  { keepDescendants, namespaces }: ResolvedCageOptions,
  { canWait }: { canWait: boolean },
): Turn | undefined {
  if (turns === undefined || limits === undefined) return undefined;
  const heldBytes = hasInit(namespaces) ? INIT_BYTES : LAUNCHER_BYTES;
  return turns.turnFor({ limits, keepsDescendants: keepDescendants, heldBytes, canWait });
}

/** For a start that asks for no gate: it takes its turn before its cage is made. */
export function withTurn(turn: Turn | undefined, homes: Homes): Homes {
  if (turn === undefined) return homes;
  let hasTaken = false;
  return {
    ...homes,
    makeCaged(plan) {
      if (!hasTaken) turn.take(plan);
      hasTaken = true;
      return homes.makeCaged(plan);
    },
  };
}

/** Gives the turn back if the start throws. */
export function endingTurn<T>(turn: Turn | undefined, start: () => T): T {
  try {
    return start();
  } catch (error) {
    turn?.over({ error: error as Error });
    throw error;
  }
}
