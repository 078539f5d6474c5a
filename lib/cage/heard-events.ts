import type { EventEmitter } from 'node:events';
import { isGone } from '../cgroup/directory/refusal';
import { type CgroupEvent, isEventName } from '../cgroup/events/cgroup-events';
import type { Cgroup } from '../cgroup/handle/cgroup';
import type { ResolvedThreshold } from '../cgroup/limits/resolve-thresholds';
import { ErrorCode, MemcageError } from '../common/errors/errors';
import { emitApart } from '../common/event-loop/emitter';
import type { CageCgroup } from './cgroup/cage-cgroup';
import type { CageEvents, ForwardedEvents } from './contract/cage-events';
import { UsageThresholds } from './usage-thresholds';

/** The cage that emits them. */
interface HeardCage extends EventEmitter<CageEvents> {
  readonly cgroup: Cgroup;
  readonly cageCgroup: CageCgroup;
}

/** The events of a cage that take something while someone listens. */
export class HeardEvents {
  /** Set before anyone can listen. */
  thresholds: readonly ResolvedThreshold[] = [];
  readonly #forwards = new Map<keyof ForwardedEvents, (event: CgroupEvent) => void>();
  #usage: UsageThresholds | undefined;
  #isOver = false;

  constructor(private readonly cage: HeardCage) {}

  /** Someone begins to listen. @throws why the event can't be had */
  begin(name: keyof CageEvents): void {
    if (isForwarded(name)) this.cage.cgroup.on(name, this.#forwardOf(name));
    else if (name === 'usage') this.#beginUsage();
  }

  /** Nobody listens any more. */
  end(name: keyof CageEvents): void {
    if (isForwarded(name)) this.cage.cgroup.off(name, this.#forwardOf(name));
    else if (name === 'usage') this.#endUsage();
  }

  /** Emits what has not been emitted yet. */
  look(): void {
    this.cage.cgroup.lookAtEvents();
    this.lookAtUsage();
  }

  /** Emits 'usage' if the use is beyond a threshold now: the limit, of which that may be a percentage, has changed. */
  lookAtUsage(): void {
    this.#usage?.look();
  }

  /** The cgroup was removed by someone who called {@link look} first. */
  conclude(): void {
    this.#isOver = true;
    this.#usage?.conclude();
    this.#usage = undefined;
    this.cage.cgroup.concludeEvents();
  }

  #beginUsage(): void {
    const { thresholds } = this;
    if (thresholds.length === 0) {
      const why = "The event 'usage' needs the option thresholds, and this cage was made without it";
      throw new MemcageError(ErrorCode.UNSUPPORTED, why);
    }
    if (this.#isOver) return;
    const { cageCgroup } = this.cage;
    const { memory: directory, version } = cageCgroup;
    cageCgroup.exitCleanUp.forbid();
    try {
      this.#usage = new UsageThresholds({ directory, version, thresholds }, (event) =>
        emitApart(this.cage, 'usage', event),
      );
    } catch (error) {
      // The watcher has just removed it, and whoever started the child can't know that.
      if (isGone(error) && !directory.exists()) return;
      throw error;
    }
  }

  #endUsage(): void {
    this.#usage?.end();
    this.#usage = undefined;
  }

  #forwardOf(name: keyof ForwardedEvents): (event: CgroupEvent) => void {
    let forward = this.#forwards.get(name);
    if (forward === undefined) {
      forward = (event) => emitApart(this.cage, name, event);
      this.#forwards.set(name, forward);
    }
    return forward;
  }
}

/** Whether a cage emits the event because its cgroup does. */
export function isForwarded(name: unknown): name is keyof ForwardedEvents {
  return isEventName(name) && name !== 'oom' && name !== 'oomKill' && name !== 'removed';
}
