import { isFreezing, isFrozen, setFrozen, thawLater } from '../../../cgroup/processes/freezer';
import type { KillCgroup } from '../../../cgroup/processes/kill-cgroup';
import type { SharedCageState } from '../shared-state';

/** So long it waits until all processes have stopped. One that waits in the kernel may not, nor does it fill memory then. */
const PATIENCE_MS = 50;
const STEP_MS = 0.2;
/** The addon thaws it then, if this thread hangs. If it dies, at once. */
const LATEST_MS = 1200;

const never = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread. */
function pause(ms: number): void {
  Atomics.wait(never, 0, 0, ms);
}

/**
 * Stops the cage, calls `use`, and lets it go on, unless somebody else of this process has.
 *
 * @param use may call `stay`: then it goes on once what that returns is called
 */
export function whileFrozen<T>(freezer: KillCgroup, state: SharedCageState, use: (stay: () => () => void) => T): T {
  if (isFreezing(freezer)) return use(() => () => undefined);
  let stays = false;
  const stay = (): (() => void) => {
    stays = true;
    return () => letGo(freezer, state);
  };
  const spareThaw = thawLater(freezer, LATEST_MS);
  try {
    setFrozen(freezer, true);
    const endMs = performance.now() + PATIENCE_MS;
    while (!isFrozen(freezer) && performance.now() < endMs) pause(STEP_MS);
    return use(stay);
  } finally {
    try {
      if (!stays) letGo(freezer, state);
    } finally {
      spareThaw();
    }
  }
}

/** Thaws the cage, unless somebody else of this process has. */
function letGo(freezer: KillCgroup, state: SharedCageState): void {
  if (state.staysFrozen) return;
  setFrozen(freezer, false);
  // It may have been frozen just before that.
  if (state.staysFrozen) setFrozen(freezer, true);
}
