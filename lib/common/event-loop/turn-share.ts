import { nextTurn } from './next-turn';
import { inTimeSlices } from './time-slice';

/** How long work that may wait takes of one turn of the event loop, of all callers together. */
const SHARE_MS = 10;

let spentMs = 0;
let isCounting = false;

const laterTurns = inTimeSlices<() => void>((goOn) => goOn());

/**
 * For work of which a caller may ask for thousands at once: undefined if it can be done now, else what resolves when it is its
 * turn, in the order of the calls. To await undefined would put off work that need not wait.
 */
export function untilTurn(): Promise<void> | undefined {
  return spentMs < SHARE_MS ? undefined : new Promise((resolve) => laterTurns([resolve]));
}

/** Such work has taken so long. */
export function spendOfTurn(ms: number): void {
  spentMs += ms;
  if (isCounting) return;
  isCounting = true;
  nextTurn(() => {
    isCounting = false;
    spentMs = 0;
  });
}
