import { busy, freeze, setFrozen, thaw } from './freezer';
import type { KillCgroup } from './kill-cgroup';

/** Who may have a cgroup of this process frozen. */
export type FreezeHolder = 'caller' | 'budget';

/** Who has a cgroup frozen: its processes run on once nobody has. */
export class FreezeHolders {
  readonly #holders = new Set<FreezeHolder>();
  readonly #onChange: (isHeld: boolean) => void;

  /** @param onChange is called before the processes stop or run on, for a thread that freezes the cgroup too */
  constructor(onChange: (isHeld: boolean) => void = () => {}) {
    this.#onChange = onChange;
  }

  /** For the caller: resolves when all processes are stopped. */
  async freeze(freezer: KillCgroup): Promise<void> {
    this.#add('caller');
    try {
      await freeze(freezer);
    } catch (error) {
      this.letGo(freezer, 'caller');
      throw error;
    }
  }

  /** For the caller: resolves when the processes run again. */
  async thaw(freezer: KillCgroup): Promise<void> {
    this.#remove('caller');
    if (this.#holders.size > 0) throw busy(freezer, 'stays frozen until its budget has more memory free');
    await thaw(freezer);
  }

  /** Does not wait until they are stopped. */
  hold(freezer: KillCgroup, holder: FreezeHolder): void {
    this.#add(holder);
    try {
      setFrozen(freezer, true);
    } catch (error) {
      this.#remove(holder);
      throw error;
    }
  }

  letGo(freezer: KillCgroup, holder: FreezeHolder): void {
    this.#remove(holder);
    setFrozen(freezer, this.#holders.size > 0);
  }

  #add(holder: FreezeHolder): void {
    this.#holders.add(holder);
    this.#onChange(true);
  }

  #remove(holder: FreezeHolder): void {
    this.#holders.delete(holder);
    this.#onChange(this.#holders.size > 0);
  }
}
