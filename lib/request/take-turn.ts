import type { StartRequest } from '../child/start-child';
import type { CageChoice } from './cage-choice';
import type { ResolvedCageOptions } from './cage-options';
import type { Turn } from './turns';

type Homes = Pick<StartRequest, 'makeCaged' | 'onRefused'>;

/** The turn of a child that needs one. */
export function turnOf(
  { turns, limits }: CageChoice,
  { keepDescendants }: ResolvedCageOptions,
  { canWait }: { canWait: boolean },
): Turn | undefined {
  if (turns === undefined || limits === undefined) return undefined;
  return turns.turnFor({ limits, keepsDescendants: keepDescendants, canWait });
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
