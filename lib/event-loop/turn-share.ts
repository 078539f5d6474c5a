import { nextTurn } from './next-turn';
import { inTimeSlices } from './time-slice';

/** How long work that is asked for in one turn of the event loop may go on in it, from the first that asks. */
const SHARE_MS = 10;

let endMs: number | undefined;

const laterTurns = inTimeSlices<() => void>((goOn) => goOn());

/** Whether work that may wait can be done at once, or others have already taken the time for that of this turn. */
function hasTimeLeft(): boolean {
  const now = performance.now();
  if (endMs === undefined) {
    endMs = now + SHARE_MS;
    nextTurn(() => {
      endMs = undefined;
    });
  }
  return now < endMs;
}

/**
 * For work of which a caller may ask for thousands at once: undefined if it can be done now, else what resolves when it is its
 * turn, in the order of the calls. To await undefined would put off work that need not wait.
 */
export function untilTurn(): Promise<void> | undefined {
  return hasTimeLeft() ? undefined : new Promise((resolve) => laterTurns([resolve]));
}
