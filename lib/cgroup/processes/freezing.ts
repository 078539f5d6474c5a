import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { canFreeze, isFreezing, isFrozen, setFrozen } from './freezer';
import type { KillCgroup } from './kill-cgroup';
import { retry } from './remove-cgroup';

/** A process in uninterruptible sleep freezes only when it wakes up, which may be never. */
const PATIENCE_MS = 5000;

/** Who may have a cgroup of this process frozen. */
type Holder = 'caller' | 'budget';

interface Freezable {
  readonly path: string;
  /** What freezes it; throws if nobody may ask any more. */
  readonly killCgroup: KillCgroup | undefined;
  readonly events: { look(): void } | undefined;
}

/** Stops the processes of a cgroup for all who want that: they run on once nobody does. */
export class Freezing {
  readonly #cgroup: Freezable;
  readonly #holders = new Set<Holder>();
  readonly #onChange: (staysFrozen: boolean) => void;

  /** @param onChange is called before the processes stop or run on, for a thread that freezes the cgroup too */
  constructor(cgroup: Freezable, onChange: (staysFrozen: boolean) => void = () => {}) {
    this.#cgroup = cgroup;
    this.#onChange = onChange;
  }

  get isPossible(): boolean {
    const { killCgroup } = this.#cgroup;
    return killCgroup !== undefined && canFreeze(killCgroup);
  }

  get isFrozen(): boolean {
    const { killCgroup } = this.#cgroup;
    return killCgroup !== undefined && isFrozen(killCgroup);
  }

  /** For the caller: resolves when all processes are stopped. If that fails within 5 s, it lets them go: ERR_MEMCAGE_BUSY. */
  async freeze(): Promise<void> {
    const freezer = this.#freezer('freeze()');
    this.#note('caller', true);
    try {
      await freeze(freezer);
    } catch (error) {
      this.#note('caller', false);
      setFrozen(freezer, this.#holders.size > 0);
      throw error;
    }
    // Look now: a thaw() may come before the kernel's notification.
    this.#cgroup.events?.look();
  }

  /** For the caller: resolves when the processes run again. */
  async thaw(): Promise<void> {
    const freezer = this.#freezer('thaw()');
    this.#note('caller', false);
    if (this.#holders.size > 0) throw busy(freezer, 'stays frozen until its budget has more memory free');
    setFrozen(freezer, false);
    if (!(await retry(() => !isFrozen(freezer), PATIENCE_MS))) {
      throw busy(freezer, 'is still frozen: a cgroup above it is, which must be thawed too');
    }
    this.#cgroup.events?.look();
  }

  /** For a budget: stops the processes, or lets them run on unless the caller has stopped them too. Waits for neither. */
  holdForBudget(isHeld: boolean): void {
    const freezer = this.#freezer('freeze()');
    this.#note('budget', isHeld);
    try {
      setFrozen(freezer, this.#holders.size > 0);
    } catch (error) {
      if (isHeld) this.#note('budget', false);
      throw error;
    }
    this.#cgroup.events?.look();
  }

  #note(holder: Holder, isHeld: boolean): void {
    if (isHeld) this.#holders.add(holder);
    else this.#holders.delete(holder);
    this.#onChange(this.#holders.size > 0);
  }

  #freezer(method: string): KillCgroup {
    const { killCgroup, path } = this.#cgroup;
    if (killCgroup !== undefined) return killCgroup;
    throw new MemcageError(
      ErrorCode.NOT_IN_VERSION,
      `${method} needs cgroup v2, or on v1 the cgroup of a cage with a freezer or a unified hierarchy beside it`,
      { path },
    );
  }
}

async function freeze(freezer: KillCgroup): Promise<void> {
  setFrozen(freezer, true);
  let thawed = false;
  const done = (): boolean => {
    thawed = !isFreezing(freezer);
    return thawed || isFrozen(freezer);
  };
  const isDone = await retry(done, PATIENCE_MS);
  if (thawed) throw busy(freezer, 'was thawed before all its processes were frozen');
  if (!isDone) throw busy(freezer, `could not be frozen within ${PATIENCE_MS} ms: a process in it is in state D`);
}

function busy({ directory: { path } }: KillCgroup, what: string): MemcageError {
  return new MemcageError(ErrorCode.BUSY, `${path} ${what}`, { path });
}
