import type { PressureLevel, PressureStall, Trigger, UsageThreshold } from './trigger-options';

/** What an event of a cgroup says. Counts are of events of its name; of 'pressure' and 'threshold' of its trigger. */
export interface CgroupEvent {
  /** How often it has happened since the event before: the kernel tells of several at once when they follow each other fast. */
  count: number;
  /** How often it has happened since someone listens. */
  totalCount: number;
  /** When the kernel told of it, in milliseconds since the epoch. */
  timeMs: number;
}

/** What 'oom' of a cgroup says. */
export interface LimitEvent extends CgroupEvent {
  /** Processes wait for memory, because the OOM killer is off (v1, `memory: { oomKill: false }`); false on v2. */
  underOom: boolean;
}

/** What 'pressure' says. */
export interface PressureEvent extends CgroupEvent {
  /** What was asked for. */
  trigger: PressureStall | PressureLevel;
}

/** What 'threshold' says. */
export interface ThresholdEvent extends CgroupEvent {
  /** What was asked for. */
  trigger: UsageThreshold;
  /** Use when the event was looked at, in bytes; 0 for a cgroup that is gone. */
  usageBytes: number;
  /** Whether that is at the threshold or above. */
  above: boolean;
}

/**
 * Events of a cgroup, from the kernel; docs/events.md. Listening takes fds, which are given back with the last listener of
 * a name, and when the cgroup is removed or the handle closed: after that there is no event. It does not keep the process
 * alive; see {@link Cgroup.ref}.
 */
export interface CgroupEvents {
  /** An allocation was about to fail at the limit. v1: at its own limit, or that of a cgroup above it. */
  oom: [event: LimitEvent];
  /** Processes were killed for memory. v1: of this very cgroup, not of those below. */
  oomKill: [event: CgroupEvent];
  /** Throttled and reclaimed from, above `high` (v2). */
  high: [event: CgroupEvent];
  /** The use was about to go above `max` (v2). */
  max: [event: CgroupEvent];
  /** Reclaimed from though below `low` (v2). */
  low: [event: CgroupEvent];
  /** A trigger of {@link Cgroup.addTrigger} on the time that tasks were stalled (v2), or on the level of pressure (v1). */
  pressure: [event: PressureEvent];
  /** A trigger of {@link Cgroup.addTrigger} on the use (v1). */
  threshold: [event: ThresholdEvent];
  /** The last process in it, and in those below, has ended or left (v2; v1: the cgroup of a cage on a hybrid host). */
  empty: [event: CgroupEvent];
  /** The first process is in it again, where 'empty' is known. */
  populated: [event: CgroupEvent];
  /** All of it has stopped, where 'empty' is known; Linux 5.2. */
  frozen: [event: CgroupEvent];
  /** It runs again. */
  thawed: [event: CgroupEvent];
  /** The cgroup is gone, as is everything else of it: the last event. */
  removed: [event: CgroupEvent];
}

/** The name of an event of a cgroup. */
export type CgroupEventName = keyof CgroupEvents;

/**
 * The names of all events of a cgroup, to listen to whatever there is. Which of them a machine has depends on the version and the
 * kernel: `on()` throws `ERR_MEMCAGE_NOT_IN_VERSION` or `ERR_MEMCAGE_UNSUPPORTED` for others.
 */
export const CGROUP_EVENT_NAMES = [
  'oom',
  'oomKill',
  'high',
  'max',
  'low',
  'pressure',
  'threshold',
  'empty',
  'populated',
  'frozen',
  'thawed',
  'removed',
] as const satisfies readonly CgroupEventName[];

export function isEventName(name: unknown): name is CgroupEventName {
  return (CGROUP_EVENT_NAMES as readonly unknown[]).includes(name);
}

/** What {@link Cgroup.addTrigger} returns. */
export interface TriggerHandle extends Disposable {
  /** What was asked for. */
  readonly trigger: Trigger;
  /** Give back its fds. Also done by `close()` of the cgroup, and when that is removed. */
  close(): void;
}
