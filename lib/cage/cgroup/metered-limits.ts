import type { CgroupDirectory } from '../../cgroup/directory/directory';
import type { CgroupVersion } from '../../cgroup/files/formats';
import type { CageLimits } from '../../cgroup/limits/cage-limits';
import { type KillCgroup, killCgroupOf } from '../../cgroup/processes/kill-cgroup';
import type { CpuTimeEvent, StallEvent } from '../contract/cage-events';
import type { ControllerHomes } from './controller-homes';
import { CpuTimeLimit } from './cpu-time-limit';
import { StallLimit } from './stall-limit';

/** The cage cgroup whose limits they are. */
interface MeteredCgroup {
  readonly version: CgroupVersion;
  readonly memory: CgroupDirectory;
  readonly killCgroup: KillCgroup | undefined;
  readonly homes: Pick<ControllerHomes, 'usage'>;
}

interface Listeners {
  onCpuTimeSpent(event: CpuTimeEvent): void;
  onStalled(event: StallEvent): void;
}

/** The limits of a cage cgroup that the watcher's thread holds, and not the kernel. Those of the cages around hold too. */
export class MeteredLimits {
  readonly #cpuTime: CpuTimeLimit | undefined;
  readonly #stall: StallLimit | undefined;

  /**
   * From now on its meters go on until {@link stop}. If it throws, there are none.
   *
   * @param around those of the cage around
   */
  constructor(
    { version, memory, killCgroup, homes: { usage } }: MeteredCgroup,
    { cpuTimeMs: limitMs, stall }: CageLimits,
    private readonly around: MeteredLimits | undefined,
    listeners: Listeners,
  ) {
    if (usage === undefined) return;
    const ours = killCgroupOf(version, memory, killCgroup);
    const { directory: kill } = ours ?? { directory: memory };
    if (limitMs !== undefined) {
      const { path } = memory;
      this.#cpuTime = new CpuTimeLimit({ path, limitMs, usage, kill }, (event) => listeners.onCpuTimeSpent(event));
    }
    if (stall === undefined) return;
    const pressure = ours?.kind === 'unified' ? ours.directory : memory;
    try {
      this.#stall = new StallLimit({ stall, memory, usage, pressure, kill }, (event) => listeners.onStalled(event));
    } catch (error) {
      this.#cpuTime?.stop();
      throw error;
    }
  }

  /** The cage cgroup's own limit of processor time; undefined if it was made without one. */
  get cpuTime(): CpuTimeLimit | undefined {
    return this.#cpuTime;
  }

  /** The cage cgroup's own limit of stalls; undefined if it was made without one. */
  get stall(): StallLimit | undefined {
    return this.#stall;
  }

  /** The limits of processor time that hold for it: its own first, then those of the cages around. */
  get cpuTimes(): CpuTimeLimit[] {
    return [...(this.#cpuTime === undefined ? [] : [this.#cpuTime]), ...(this.around?.cpuTimes ?? [])];
  }

  /** The limits of stalls that hold for it: its own first, then those of the cages around. */
  get stalls(): StallLimit[] {
    return [...(this.#stall === undefined ? [] : [this.#stall]), ...(this.around?.stalls ?? [])];
  }

  /** The lowest limit of processor time that holds for it; undefined if there is none. */
  get cpuTimeLimitMs(): number | undefined {
    const limits = this.cpuTimes;
    return limits.length === 0 ? undefined : Math.min(...limits.map(({ limitMs }) => limitMs));
  }

  /** Why nothing can be started in it; undefined if no limit of processor time is used up, here or around. */
  explainSpent(): string | undefined {
    return this.cpuTimes.map((limit) => limit.explain()).find((why) => why !== undefined);
  }

  /** Everything in it was killed at a limit of its own. */
  get hasKilled(): boolean {
    return this.#cpuTime?.isSpent === true || this.#stall?.hasKilled === true;
  }

  /** What the kernel refused when memcage was to kill at a limit of processor time, here or around. */
  get killRefusal(): Error | undefined {
    return this.cpuTimes.map(({ refusal }) => refusal).find((refusal) => refusal !== undefined);
  }

  stop(): void {
    this.#cpuTime?.stop();
    this.#stall?.stop();
  }
}
