import type { PressureLevel, PressureStall, Trigger, UsageThreshold } from './trigger-options';

/** An event of a cgroup. It counts events of its name, or for 'pressure' and 'threshold' those of its trigger. */
export interface CgroupEvent {
  /**
   * How often it has happened since the previous event: the kernel reports several at once if they follow each other
   * quickly.
   */
  count: number;
  /** How often it has happened since you began to listen. */
  totalCount: number;
  /** When the kernel reported it, in milliseconds since the epoch. */
  timeMs: number;
}

/** The event 'oom' of a cgroup. */
export interface LimitEvent extends CgroupEvent {
  /**
   * Whether processes wait for memory because the OOM killer is off (v1, `memory: { oomKill: false }`). Always false
   * on v2.
   */
  underOom: boolean;
}

/** The event 'pressure'. */
export interface PressureEvent extends CgroupEvent {
  /** The trigger, as you gave it. */
  trigger: PressureStall | PressureLevel;
}

/** The event 'threshold'. */
export interface ThresholdEvent extends CgroupEvent {
  /** The trigger, as you gave it. */
  trigger: UsageThreshold;
  /** Memory use when the event was read, in bytes; `null` for a cgroup that is gone. */
  usageBytes: number | null;
  /** Whether the use is at or above the threshold; false for a cgroup that is gone. */
  above: boolean;
}

/**
 * Events of a cgroup, from the kernel; see docs/reference/events.md. Listening takes fds. They are closed with the last
 * listener of a name, when the cgroup is removed, and when the handle is closed; after that there are no more events.
 * Listening does not keep the process alive; see {@link Cgroup.ref}.
 */
export interface CgroupEvents {
  /** An allocation was about to fail at the limit. v1: at the cgroup's own limit, or that of an ancestor. */
  oom: [event: LimitEvent];
  /** Processes were killed for memory. v1: in this cgroup itself, not in those below. */
  oomKill: [event: CgroupEvent];
  /** The kernel throttled the cgroup above `high` and reclaimed from it (v2). */
  high: [event: CgroupEvent];
  /** Memory use was about to exceed `max` (v2). */
  max: [event: CgroupEvent];
  /** The kernel reclaimed from the cgroup although it was below `low` (v2). */
  low: [event: CgroupEvent];
  /**
   * A trigger of {@link Cgroup.addTrigger} fired: tasks were stalled (v2), or a level of pressure was reached (v1).
   */
  pressure: [event: PressureEvent];
  /** A trigger of {@link Cgroup.addTrigger} on memory use fired (v1). */
  threshold: [event: ThresholdEvent];
  /** The last process here and below has ended or left (v2; v1: only the cgroup of a cage on a hybrid host). */
  empty: [event: CgroupEvent];
  /** The first process is in it again. Available where 'empty' is. */
  populated: [event: CgroupEvent];
  /** All processes in it have stopped. Available where 'empty' is, since Linux 5.2. */
  frozen: [event: CgroupEvent];
  /** The processes run again. */
  thawed: [event: CgroupEvent];
  /** The cgroup is gone. This is the last event. */
  removed: [event: CgroupEvent];
}

/** The name of an event of a cgroup. */
export type CgroupEventName = keyof CgroupEvents;

/**
 * The names of all events of a cgroup, to listen to whatever there is. Which of them a machine has depends on the version and the
 * kernel: `on()` throws `ERR_MEMCAGE_NOT_IN_VERSION` or `ERR_MEMCAGE_UNSUPPORTED` for others.
 *
 * @experimental
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

/**
 * The handle that {@link Cgroup.addTrigger} returns.
 *
 * @experimental
 */
export interface TriggerHandle extends Disposable {
  /** The trigger, as you gave it. */
  readonly trigger: Trigger;
  /** Close its fds. `close()` of the cgroup does that too, and so does the cgroup's removal. */
  close(): void;
}
