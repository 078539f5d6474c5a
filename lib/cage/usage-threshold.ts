import type { CgroupDirectory } from '../cgroup/directory/directory';
import { UsageAlarm } from '../cgroup/events/usage-alarm';
import { bytesAt, type ResolvedThreshold } from '../cgroup/limits/resolve-thresholds';
import type { SeenUsage } from '../cgroup/watching/usage-looks';
import type { UsageEvent } from '../contract/cage-events';

type Crossing = Pick<UsageEvent, 'usageBytes' | 'above' | 'count' | 'timeMs'>;

/** One threshold of a cage that someone listens to. */
export class UsageThreshold {
  #bytes = Number.NaN;
  #alarm: UsageAlarm | undefined;
  /** Whether it has looked since the threshold is where it is. */
  #isSettled = false;
  #isClosed = false;
  #above = false;
  #total = 0;

  constructor(
    private readonly threshold: ResolvedThreshold,
    /** Where the kernel tells of crossings (v1). Undefined: every look compares. */
    private readonly alarmed: CgroupDirectory | undefined,
    private readonly tell: (event: UsageEvent) => void,
  ) {}

  /** Puts the threshold where it belongs with this limit. */
  arm({ limitBytes }: Pick<SeenUsage, 'limitBytes'>): void {
    const bytes = bytesAt(this.threshold, limitBytes);
    if (bytes === this.#bytes || this.#isClosed) return;
    this.#disarm();
    if (this.alarmed !== undefined && bytes !== Number.POSITIVE_INFINITY) {
      this.#alarm = new UsageAlarm(this.alarmed, bytes, (event) => this.#crossed(event));
    }
    this.#bytes = bytes;
    this.#isSettled = false;
  }

  /** Tells of a crossing. */
  see(seen: SeenUsage, timeMs: number): void {
    const before = this.#total;
    this.#alarm?.look(timeMs);
    try {
      this.arm(seen);
    } catch {
      // No fd is free, or the cgroup is gone. The next look tries again.
      return;
    }
    // Whoever was told may have stopped to listen.
    if (this.#isClosed) return;
    // The kernel tells of the rest, and counts what comes between two looks. What it told just now is newer than `seen`.
    if (this.#alarm !== undefined && (this.#isSettled || this.#total > before)) return;
    this.#isSettled = true;
    const above = seen.usageBytes >= this.#bytes;
    if (above !== this.#above) this.#crossed({ usageBytes: seen.usageBytes, above, count: 1, timeMs });
  }

  close(): void {
    this.#isClosed = true;
    this.#disarm();
  }

  #disarm(): void {
    this.#alarm?.close();
    this.#alarm = undefined;
    this.#bytes = Number.NaN;
  }

  #crossed({ usageBytes, above, count, timeMs }: Crossing): void {
    this.#above = above;
    this.#total += count;
    const { given: threshold } = this.threshold;
    const figures = { threshold, thresholdBytes: this.#bytes, usageBytes, above };
    this.tell({ ...figures, count, totalCount: this.#total, timeMs });
  }
}
