import type { CgroupDirectory } from '../cgroup/directory/directory';
import { isGone, isRefused } from '../cgroup/directory/refusal';
import { UsageAlarm } from '../cgroup/events/usage-alarm';
import { type ResolvedThreshold, thresholdBytes } from '../cgroup/limits/resolve-thresholds';
import type { SeenUsage } from '../cgroup/watching/usage-looks';
import { keptInJson } from '../common/text/json';
import type { CageThresholdEvent } from './contract/cage-events';
import { Crossings } from './threshold-crossings';

interface Listener {
  tell(event: CageThresholdEvent): void;
  /** Has {@link WatchedThreshold.see} called again in a moment. */
  lookSoon(): void;
}

/** One threshold of a cage that someone listens to. */
export class WatchedThreshold {
  #bytes = Number.NaN;
  #alarm: UsageAlarm | undefined;
  #isClosed = false;
  readonly #crossings = new Crossings();
  /** What the kernel has told, and all that was told on. */
  #heard = 0;
  #total = 0;

  constructor(
    private readonly threshold: ResolvedThreshold,
    /** Where the kernel tells of crossings (v1). Undefined: every look compares. */
    private readonly alarmed: CgroupDirectory | undefined,
    private readonly listener: Listener,
  ) {}

  /** Puts the threshold where it belongs with this limit. */
  arm({ usageBytes, limitBytes }: SeenUsage): void {
    const bytes = thresholdBytes(this.threshold, limitBytes);
    if (bytes === this.#bytes || this.#isClosed) return;
    this.#disarm();
    if (this.alarmed !== undefined && bytes !== Number.POSITIVE_INFINITY) this.#watch(this.alarmed, bytes, usageBytes);
    this.#bytes = bytes;
  }

  /** Tells of a crossing. */
  see(seen: SeenUsage, timeMs: number): void {
    const before = this.#heard;
    try {
      this.#alarm?.look(timeMs);
      this.arm(seen);
    } catch (error) {
      if (isGone(error)) return;
      if (!isRefused(error)) throw error;
      // No fd is free, or the kernel is short of memory.
      this.listener.lookSoon();
      return;
    }
    // What the kernel told just now came with a newer reading.
    if (this.#heard === before) this.#judge(seen.usageBytes, timeMs);
  }

  /** The cage is gone: tells what was held back. */
  conclude(timeMs: number): void {
    if (!this.#isClosed) this.#tell(this.#crossings.conclude(), { usageBytes: null, timeMs });
  }

  close(): void {
    this.#isClosed = true;
    this.#disarm();
  }

  #watch(directory: CgroupDirectory, bytes: number, usageBytes: number): void {
    this.#alarm = new UsageAlarm(directory, bytes, (event) => {
      this.#heard += event.count;
      this.#crossings.heard(event.count);
      if (event.usageBytes !== null) this.#judge(event.usageBytes, event.timeMs);
    });
    this.#crossings.begin(usageBytes >= bytes);
    // The use may have crossed it since that was read.
    this.listener.lookSoon();
  }

  #disarm(): void {
    this.#alarm?.close();
    this.#alarm = undefined;
    this.#bytes = Number.NaN;
  }

  #judge(usageBytes: number, timeMs: number): void {
    // Whoever was told may have stopped to listen.
    if (this.#isClosed) return;
    const above = usageBytes >= this.#bytes;
    if (this.#alarm === undefined) this.#crossings.begin(above);
    const { count, isInDoubt, isBelieved } = this.#crossings.read(above, performance.now());
    if (isInDoubt) this.listener.lookSoon();
    const told = { usageBytes, timeMs };
    const bytes = this.#bytes;
    if (isBelieved) this.#watchAnew(bytes, usageBytes);
    this.#tell(count, told, bytes);
  }

  #watchAnew(bytes: number, usageBytes: number): void {
    this.#disarm();
    try {
      if (this.alarmed !== undefined) this.#watch(this.alarmed, bytes, usageBytes);
      this.#bytes = bytes;
    } catch {
      // No fd is free, or the cgroup is gone. The next look arms it.
    }
  }

  #tell(
    count: number,
    { usageBytes, timeMs }: Pick<CageThresholdEvent, 'usageBytes' | 'timeMs'>,
    bytes = this.#bytes,
  ): void {
    if (count === 0) return;
    this.#total += count;
    const { given: threshold } = this.threshold;
    const figures = { threshold, thresholdBytes: bytes, usageBytes, above: usageBytes !== null && usageBytes >= bytes };
    this.listener.tell(keptInJson({ ...figures, count, totalCount: this.#total, timeMs }));
  }
}
