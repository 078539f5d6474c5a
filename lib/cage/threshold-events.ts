import type { EventEmitter } from 'node:events';
import { isGone } from '../cgroup/directory/refusal';
import type { ResolvedThreshold } from '../cgroup/limits/resolve-thresholds';
import { emitApart } from '../common/event-loop/emitter';
import type { CageCgroup } from './cgroup/cage-cgroup';
import type { CageEvents } from './contract/cage-events';
import { UsageThresholds } from './usage-thresholds';

/** The cage that emits them. */
interface ToldCage extends EventEmitter<CageEvents> {
  readonly cageCgroup: CageCgroup;
}

/** The event 'threshold' of a cage, which takes fds and looks while someone listens. */
export class ThresholdEvents {
  /** Set before anyone can listen. */
  thresholds: readonly ResolvedThreshold[] = [];
  #usage: UsageThresholds | undefined;
  #isOver = false;

  constructor(private readonly cage: ToldCage) {}

  /** Someone begins to listen. @throws why the event can't be had */
  begin(): void {
    if (this.#isOver) return;
    const { cageCgroup } = this.cage;
    const { memory: directory, version } = cageCgroup;
    cageCgroup.exitCleanUp.forbid();
    try {
      this.#usage = new UsageThresholds({ directory, version, thresholds: this.thresholds }, (event) =>
        emitApart(this.cage, 'threshold', event),
      );
    } catch (error) {
      // The watcher has just removed it, and whoever started the child can't know that.
      if (isGone(error) && !directory.exists()) return;
      throw error;
    }
  }

  /** Nobody listens any more. */
  end(): void {
    this.#usage?.end();
    this.#usage = undefined;
  }

  /** Tells what has not been told yet: the use, or the limit of which a threshold is a percentage, has changed. */
  look(): void {
    this.#usage?.look();
  }

  /** The cgroup was removed by someone who called {@link look} first. */
  conclude(): void {
    this.#isOver = true;
    this.#usage?.conclude();
    this.#usage = undefined;
  }
}
