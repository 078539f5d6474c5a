import type { OomFacts } from '../../common/text/oom-words';
import type { KillingLimit } from './killing-limit';

/** Number of processes killed for memory so far, and whose limit that was. */
export interface OomAssessment {
  kills: number;
  verdict: OomFacts | null;
}

/** How the watcher's thread can tell that nothing special has happened in a cgroup. */
export interface QuietState {
  /**
   * A file that must contain `expected`. An fd of it, where somebody could have put another in its place meanwhile (v2:
   * {@link lostController}).
   */
  file: string | number;
  expected: string;
  /** An eventfd that must not be signalled, or -1. */
  eventFd: number;
  /** The cgroup has a stamp, which it loses when a cgroup directly below it is made or removed. */
  isStamped: boolean;
}

/** Counts OOM kills in a cgroup and those below it, and finds out whose limit they were about. Holds one fd. */
export interface OomMonitor {
  readonly fd: number;
  /**
   * `event`: an eventfd, which is signalled before a kill is counted, or when there is no kill. `priority`: a file that
   * changes with the counts.
   */
  readonly kind: 'event' | 'priority';
  /** Counts from now on. False if something has already happened in the cgroup, for example its removal. */
  begin(): boolean;
  /** Whether {@link assess} includes what happened in cage cgroups below: on v2 the kernel adds that up. */
  readonly countsCageCgroups: boolean;
  assess(): OomAssessment;
  /** The state in which {@link assess} would find no kill, nor anything that could be one. */
  readonly quiet: QuietState;
  /** How often memory was refused so far, for the cgroups within this one: see `CageAround`. */
  ooms(): number;
  /**
   * Tells of a cage cgroup directly below that was just made, and is there until {@link removeCageCgroup}.
   *
   * @throws ERR_MEMCAGE_NO_CONTROLLER if this cgroup has lost its limits (v2). Whatever takes them later takes those of the one
   * below too, whose own monitor then tells
   */
  addCageCgroup(name: string): void;
  removeCageCgroup(name: string): void;
  /** The nearest limit, the cgroup's or that of a cage around it, that refused memory, with or without a kill. */
  limitHit(): KillingLimit | undefined;
  /**
   * Whether the OOM killer is off at a limit, the cgroup's or that of a cage around it, that refused memory (v1). Processes wait
   * there, and wake for a moment whenever a page is freed.
   */
  isKillerOff(): boolean;
  /** Whether processes wait for memory now because the OOM killer is off (v1). */
  underOom(): boolean;
  /** The limit at which processes wait; undefined if none wait. */
  waitsAt(): KillingLimit | undefined;
  close(): void;
}
