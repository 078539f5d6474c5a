import type { LateWrite } from '../../../cgroup/directory/late-write';
import { unlessGone } from '../../../cgroup/directory/refusal';
import { isFreezing, isFrozen, setFrozen, thawLater } from '../../../cgroup/processes/freezer';
import type { KillCgroup } from '../../../cgroup/processes/kill-cgroup';
import type { SharedCageState } from '../shared-state';

/** So long it waits until all processes have stopped. One that waits in the kernel may not, nor does it fill memory then. */
const PATIENCE_MS = 50;
const STEP_MS = 0.2;
/** The addon undoes then what is done to a stopped cage, if this thread hangs. If it dies, at once. */
export const LATEST_MS = 1200;

const never = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread. */
function pause(ms: number): void {
  Atomics.wait(never, 0, 0, ms);
}

/**
 * Stops the cage, calls `use`, and lets it go on, unless somebody else of this process has.
 *
 * @param use may call `stay`: then it goes on once what that returns is called, in so many milliseconds at the latest
 */
export function whileFrozen<T>(
  freezer: KillCgroup,
  state: SharedCageState,
  use: (stay: (longestMs: number) => () => void) => T,
): T {
  if (isFreezing(freezer)) return use(() => () => undefined);
  let thaw = thawLater(freezer, LATEST_MS);
  let stays = false;
  const letGo = (): void => thawUnlessWanted(thaw, freezer, state);
  try {
    setFrozen(freezer, true);
    const endMs = performance.now() + PATIENCE_MS;
    while (!isFrozen(freezer) && performance.now() < endMs) pause(STEP_MS);
    return use((longestMs) => {
      const before = thaw;
      thaw = thawLater(freezer, longestMs);
      before.drop();
      stays = true;
      return letGo;
    });
  } finally {
    if (!stays) letGo();
  }
}

/** Thaws the cage, unless somebody else of this process wants it frozen. */
function thawUnlessWanted(thaw: LateWrite, freezer: KillCgroup, state: SharedCageState): void {
  if (state.staysFrozen) thaw.drop();
  else thaw.make();
  // It may have been frozen just before that, or the addon had thawed it, because this thread was late.
  if (state.staysFrozen) unlessGone(() => setFrozen(freezer, true));
}
