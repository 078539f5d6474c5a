import type { PolledGroup } from '../../polling/open-group';

const NOTHING_SEEN: PolledGroup['seen'] = { usageBytes: null, peakBytes: null, kills: 0, processes: 0 };

/** A group where nothing can look at processes. It knows only those that were added, and not what they start. */
export class UnmeasuredGroup implements PolledGroup {
  readonly seen = NOTHING_SEEN;
  readonly #pids = new Set<number>();

  add(pid: number): void {
    this.#pids.add(pid);
  }

  /** It stays unknown. */
  expectChild(): boolean {
    return true;
  }

  expectNoChild(): void {}

  forget(pid: number): void {
    this.#pids.delete(pid);
  }

  killAll(): Promise<void> {
    this.killAllNow();
    return Promise.resolve();
  }

  killAllNow(): boolean {
    for (const pid of this.#pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has become another user's, or its parent is about to learn of its end.
      }
    }
    return true;
  }

  lookNow(): boolean {
    return true;
  }

  close(): void {
    this.#pids.clear();
  }
}

/** The process was reaped: its pid may be another's from now on. A sampler sees that by itself. */
export function forgetReaped(group: PolledGroup, pid: number): void {
  if (group instanceof UnmeasuredGroup) group.forget(pid);
}
