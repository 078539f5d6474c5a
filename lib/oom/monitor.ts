import type { OomVerdict } from '../../types/outcome';
import type { WhoseLimit } from './whose-limit';

/** Processes killed for memory so far, and whose limit that was about. */
export interface OomAssessment {
  kills: number;
  verdict: OomVerdict | null;
}

/** Seen without the event loop: what tells that nothing special has happened in a cgroup. */
export interface QuietState {
  /** A file with a text in it. */
  file: string;
  expected: string;
  /** An eventfd that is not signalled, or -1. */
  eventFd: number;
  /** The cgroup has a stamp, which it loses when one below is made or removed. */
  isStamped: boolean;
}

/** Counts OOM kills in a cgroup and those below it, and tells whose limit they were about. Holds one fd. */
export interface OomMonitor {
  readonly fd: number;
  /** `event`: an eventfd, signalled before the kill is counted, or when there is none. `priority`: a file that changes with the counts. */
  readonly kind: 'event' | 'priority';
  /** Count from here on. False when something has happened in the cgroup before, its removal for example. */
  begin(): boolean;
  /** Whether {@link assess} has what happened in the leaves as well: on v2 the kernel adds up. */
  readonly countsLeaves: boolean;
  assess(): OomAssessment;
  /** The state in which {@link assess} would find no kill, and nothing that could be one. */
  readonly quiet: QuietState;
  /** How often memory was refused so far, for those that this cgroup is around; see `CageAround`. */
  ooms(): number;
  /** A cgroup directly below is one of ours; until `removed`. */
  addLeaf(name: string): void;
  removeLeaf(name: string): void;
  /** The nearest limit, the cgroup's or that of a cage around it, at which memory was refused, with or without a kill. */
  limitHit(): WhoseLimit | undefined;
  /** Whether processes wait for memory now because the OOM killer is off (v1). */
  underOom(): boolean;
  /** The limit that they wait at; undefined: they do not. */
  waitsAt(): WhoseLimit | undefined;
  close(): void;
}
