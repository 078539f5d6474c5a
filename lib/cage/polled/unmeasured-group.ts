import { retry } from '../../cgroup/processes/remove';
import type { PolledGroup } from '../polling/open-group';

/** Every look has happened: none will tell more. */
const NOTHING_SEEN: PolledGroup['seen'] = {
  looks: Number.POSITIVE_INFINITY,
  usageBytes: null,
  peakBytes: null,
  kills: 0,
  processes: 0,
};

/** A group where nothing can look at processes. It knows only those that were added, and not what they start. */
export class UnmeasuredGroup implements PolledGroup {
  readonly id = undefined;
  readonly seen = NOTHING_SEEN;
  /** How each is killed, by pid. */
  readonly #kills = new Map<number, () => void>();

  add(pid: number, kill: () => void): void {
    this.#kills.set(pid, kill);
  }

  /** It stays unknown. */
  expectChild(): boolean {
    return true;
  }

  expectNoChild(): void {}

  forget(pid: number): void {
    this.#kills.delete(pid);
  }

  killAll(timeoutMs: number): Promise<boolean> {
    this.killAllNow();
    return retry(() => this.#kills.size === 0, timeoutMs);
  }

  /** The end of a child is not seen while the event loop is blocked. */
  killAllNow(): boolean {
    for (const kill of this.#kills.values()) kill();
    return true;
  }

  lookNow(): boolean {
    return true;
  }

  close(): void {
    this.#kills.clear();
  }
}
