import type { CgroupDirectory } from '../cgroup/directory/directory';
import type { CgroupVersion } from '../cgroup/files/formats';
import type { ResolvedThreshold } from '../cgroup/limits/resolve-thresholds';
import { type UsageLook, usageLooks } from '../cgroup/watching/usage-looks';
import { cancel, later, outsideOfCalls } from '../common/event-loop/timers';
import type { CageThresholdEvent } from './contract/cage-events';
import { WatchedThreshold } from './watched-threshold';

/** From one look to the next, where nothing but looks shows the use (v2). */
const USE_PACE_MS = 50;
/** From one look to the next, while the kernel's word and a reading disagree (v1). */
const DOUBT_PACE_MS = 50;
/** From one look to the next, where the kernel tells of crossings, but not of a new limit that moves a percentage (v1). */
const LIMIT_PACE_MS = 1000;

/** A cage whose use is to be told. */
interface Told {
  directory: CgroupDirectory;
  version: CgroupVersion;
  thresholds: readonly ResolvedThreshold[];
}

/** Tells when the use of a cage crosses one of its thresholds. It takes fds, and looks, only while someone listens. */
export class UsageThresholds {
  readonly #all: readonly WatchedThreshold[];
  readonly #look: UsageLook;
  #soon: ReturnType<typeof later> | undefined;
  #isOver = false;

  /** @throws why that can't be had; nothing stays open then */
  constructor({ directory, version, thresholds }: Told, tell: (event: CageThresholdEvent) => void) {
    const alarmed = version === 1 ? directory : undefined;
    const hasPercent = thresholds.some(({ at }) => 'percent' in at);
    const listener = {
      tell: (event: CageThresholdEvent): void => {
        // The limit may have changed a moment ago.
        if (hasPercent && alarmed !== undefined) process.nextTick(() => this.look());
        tell(event);
      },
      lookSoon: () => this.#lookSoon(),
    };
    this.#all = thresholds.map((threshold) => new WatchedThreshold(threshold, alarmed, listener));
    // Nobody would hear of it in the middle of `on()`.
    let isHeard = false;
    this.#look = usageLooks(version).begin(
      directory,
      (seen) => {
        const timeMs = Date.now();
        for (const each of this.#all) {
          if (isHeard) each.see(seen, timeMs);
          else each.arm(seen);
        }
      },
      { paceMs: alarmed === undefined ? USE_PACE_MS : hasPercent ? LIMIT_PACE_MS : undefined },
    );
    try {
      this.#look.now();
    } catch (error) {
      this.end();
      throw error;
    }
    isHeard = true;
    process.nextTick(() => this.look());
  }

  /** Tells what has not been told yet. */
  look(): void {
    if (!this.#isOver) this.#look.now();
  }

  /** The cage is gone: tells the rest. */
  conclude(): void {
    const timeMs = Date.now();
    for (const each of this.#all) each.conclude(timeMs);
    this.end();
  }

  end(): void {
    this.#isOver = true;
    this.#look.end();
    for (const each of this.#all) each.close();
    cancel(this.#soon);
  }

  #lookSoon(): void {
    if (this.#isOver) return;
    this.#soon ??= outsideOfCalls(() => {
      const look = (): void => {
        this.#soon = undefined;
        this.look();
      };
      return later(look, DOUBT_PACE_MS).unref();
    });
  }
}
