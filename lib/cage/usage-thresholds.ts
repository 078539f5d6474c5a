import type { CgroupDirectory } from '../cgroup/directory/directory';
import type { CgroupVersion } from '../cgroup/files/formats';
import type { ResolvedThreshold } from '../cgroup/limits/resolve-thresholds';
import { type UsageLook, usageLooks } from '../cgroup/watching/usage-looks';
import { cancel, later, outsideOfCalls } from '../common/event-loop/timers';
import type { UsageEvent } from './contract/cage-events';
import { UsageThreshold } from './usage-threshold';

/** From one look to the next, where nothing but looks shows the use (v2). */
const USE_PACE_MS = 50;
/** The same where the kernel's word and a reading disagree (v1). */
const DOUBT_PACE_MS = 50;
/** The same where only the limit, of which a percentage is, has to be looked at (v1). */
const LIMIT_PACE_MS = 1000;

/** A cage whose use is to be told. */
interface Told {
  directory: CgroupDirectory;
  version: CgroupVersion;
  thresholds: readonly ResolvedThreshold[];
}

/** Tells when the use of a cage crosses one of its thresholds. It takes fds, and looks, only while someone listens. */
export class UsageThresholds {
  #end: (() => void) | undefined;
  #look: UsageLook | undefined;
  #all: readonly UsageThreshold[] = [];
  #soon: ReturnType<typeof later> | undefined;

  constructor(
    private readonly told: Told,
    private readonly tell: (event: UsageEvent) => void,
  ) {}

  /** @throws why that can't be had; nothing stays open then */
  begin(): void {
    const { directory, version, thresholds } = this.told;
    const alarmed = version === 1 ? directory : undefined;
    const hasPercent = thresholds.some(({ at }) => 'percent' in at);
    const tell = (event: UsageEvent): void => {
      // The limit may have changed a moment ago.
      if (hasPercent && alarmed !== undefined) process.nextTick(() => this.look());
      this.tell(event);
    };
    const listener = { tell, lookSoon: () => this.#lookSoon() };
    const all = thresholds.map((threshold) => new UsageThreshold(threshold, alarmed, listener));
    // Nobody would hear of it in the middle of `on()`.
    let isHeard = false;
    const look = usageLooks(version).begin(
      directory,
      (seen) => {
        const timeMs = Date.now();
        for (const each of all) {
          if (isHeard) each.see(seen, timeMs);
          else each.arm(seen);
        }
      },
      { paceMs: alarmed === undefined ? USE_PACE_MS : hasPercent ? LIMIT_PACE_MS : undefined },
    );
    this.#look = look;
    this.#all = all;
    this.#end = () => {
      look.end();
      for (const each of all) each.close();
    };
    try {
      look.now();
    } catch (error) {
      this.end();
      throw error;
    }
    isHeard = true;
    process.nextTick(() => look.now());
  }

  /** Tells what has not been told yet. */
  look(): void {
    this.#look?.now();
  }

  /** The cage is gone: tells the rest. */
  conclude(): void {
    const timeMs = Date.now();
    for (const each of this.#all) each.conclude(timeMs);
    this.end();
  }

  end(): void {
    this.#end?.();
    this.#end = undefined;
    this.#look = undefined;
    this.#all = [];
    cancel(this.#soon);
    this.#soon = undefined;
  }

  #lookSoon(): void {
    if (this.#end === undefined) return;
    this.#soon ??= outsideOfCalls(() => {
      const look = (): void => {
        this.#soon = undefined;
        this.look();
      };
      return later(look, DOUBT_PACE_MS).unref();
    });
  }
}
