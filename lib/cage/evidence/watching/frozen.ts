import { isFreezing, isFrozen, setFrozen } from '../../../cgroup/processes/freezer';
import type { KillCgroup } from '../../../cgroup/processes/kill-cgroup';
import type { SharedCageState } from '../shared-state';

/** So long it waits until all processes have stopped. One that waits in the kernel may not, nor does it fill memory then. */
const PATIENCE_MS = 50;
const STEP_MS = 0.2;

const never = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread. */
function pause(ms: number): void {
  Atomics.wait(never, 0, 0, ms);
}

/** Stops the cage, calls `use`, and lets it go on, unless the caller has frozen it. */
export function whileFrozen<T>(freezer: KillCgroup, state: SharedCageState, use: () => T): T {
  const wasFrozen = isFreezing(freezer);
  if (!wasFrozen) setFrozen(freezer, true);
  try {
    const endMs = performance.now() + PATIENCE_MS;
    while (!isFrozen(freezer) && performance.now() < endMs) pause(STEP_MS);
    return use();
  } finally {
    if (!wasFrozen) letGo(freezer, state);
  }
}

/** Thaws the cage, unless the caller has frozen it. */
export function letGo(freezer: KillCgroup, state: SharedCageState): void {
  if (state.callerFreezes) return;
  setFrozen(freezer, false);
  // The caller may have frozen it just before that.
  if (state.callerFreezes) setFrozen(freezer, true);
}
