import type { StallSign } from '../../../types/native';
import type { CageThreshold } from '../../../types/options';
import type { OomVerdict } from '../../../types/outcome';
import type { CgroupEvent } from '../../cgroup/events/cgroup-events';

/** The events of a cage, with the arguments of their listeners. See docs/reference/events.md. */
export interface CageEvents {
  /** The kernel killed a process of the cage for memory. With the OOM killer off (v1): processes wait for memory. */
  oom: [event: OomEvent];
  /**
   * The cage has used up its processor time (`cpuTimeMs`), and memcage has killed everything in it, unless there is an `error`.
   * Only of a cage with that limit: of another one, `on()` throws ERR_MEMCAGE_UNSUPPORTED.
   */
  cpuTime: [event: CpuTimeEvent];
  /**
   * The cage has got nowhere because of memory for as long as its `stall` says, and memcage has killed everything in it, unless
   * that was not asked for, or there is an `error`. Once for each stall. Only of a cage with `stall`, as above.
   */
  stall: [event: StallEvent];
  /** The use of memory went above one of the cage's `thresholds`, or below it again. Only of a cage with these, as above. */
  threshold: [event: CageThresholdEvent];
  /** The cage is closed: nothing of it is left. */
  close: [];
}

/** The argument of an 'oom' event. It describes the limit as an outcome's verdict does, but seen from this cage. */
export interface OomEvent extends Pick<OomVerdict, 'message' | 'cause' | 'limitBytes' | 'path' | 'victims'> {
  /** Number of processes killed since the last event; 0 with `underOom`. */
  kills: number;
  /** Number of processes of the cage killed so far. */
  totalKills: number;
  /**
   * True if processes wait for memory instead of being killed (v1, `memory: { oomKill: false }`). They go on once there
   * is more: when you raise the limit, or when another process ends.
   */
  underOom: boolean;
  /** When the kernel reported it, or when memcage saw it at the end of a child; milliseconds since the epoch. */
  timeMs: number;
}

/** The argument of a 'cpuTime' event. */
export interface CpuTimeEvent {
  /** The limit, in milliseconds. */
  limitMs: number;
  /** The processor time of the whole cage at the kill, in milliseconds. */
  usedMs: number;
  /** When memcage killed, in milliseconds since the epoch. */
  timeMs: number;
  /**
   * What the kernel refused, so that processes may still run. memcage tries again, after pauses of up to ten seconds. `null`
   * if it refused nothing.
   */
  error: Error | null;
}

/** The argument of a 'threshold' event. The counts are those of its threshold. */
export interface CageThresholdEvent extends CgroupEvent {
  /** The threshold, as you gave it. */
  threshold: CageThreshold;
  /** The threshold in bytes; `Infinity` for a percentage of a limit that is gone. */
  thresholdBytes: number;
  /** Memory use when memcage looked, in bytes. It includes page cache, which the kernel drops before it kills. `null` if the cage is gone. */
  usageBytes: number | null;
  /** Whether the use is at or above the threshold; false if the cage is gone. */
  above: boolean;
}

/** The argument of a 'stall' event. */
export interface StallEvent {
  /** The limit, in milliseconds. */
  limitMs: number;
  /** For how long the cage had got nowhere, in milliseconds. */
  stalledMs: number;
  /**
   * What told so: `pressure`, the kernel's measure of time lost to memory (PSI); `refaults`, pages that were read again and
   * again soon after they had been reclaimed; `oomPaused`, processes that wait for memory (v1, `memory: { oomKill: false }`).
   */
  toldBy: StallSign;
  /** Whether memcage killed everything in the cage, if only after the kernel had refused to. */
  killed: boolean;
  /** When memcage killed or saw it, in milliseconds since the epoch. */
  timeMs: number;
  /**
   * What the kernel refused, so that processes may still run. memcage tries again, after pauses of up to ten seconds. `null`
   * if it refused nothing.
   */
  error: Error | null;
}
