import type { OomVerdict } from '../../types/outcome';
import type { CgroupsAbove } from './above';
import type { CgroupDirectory } from './directory';
import type { CgroupVersion } from './formats';
import { OomMonitorV1 } from './oom-monitor-v1';
import { OomMonitorV2 } from './oom-monitor-v2';

/** Processes killed for memory so far, and whose limit that was about. */
export interface OomAssessment {
  kills: number;
  verdict: OomVerdict | null;
}

/** Seen without the event loop: a file with a text in it, and an eventfd (or -1) that is not signalled. */
export interface QuietState {
  file: string;
  expected: string;
  eventFd: number;
}

/** Counts OOM kills in a cgroup and those below it, and tells whose limit they were about. Holds one fd. */
export interface OomMonitor {
  readonly fd: number;
  /** `event`: an eventfd, signalled before the kill is counted, or when there is none. `priority`: a file that changes with the counts. */
  readonly kind: 'event' | 'priority';
  /** Count from here on. False when something has happened in the cgroup before, its removal for example. */
  begin(): boolean;
  /** v1: without the leaves, which have monitors of their own. v2: with them, the kernel adds up. */
  assess(): OomAssessment;
  /** The state in which {@link assess} would find no kill, and nothing that could be one. */
  readonly quiet: QuietState;
  /** A cgroup directly below is one of ours; until `removed`. */
  addLeaf(name: string): void;
  removeLeaf(name: string): void;
  /** Whether memory was refused at the limit at least once, with or without a kill. */
  limitWasHit(): boolean;
  /** Whether processes wait for memory now because the OOM killer is off (v1). */
  underOom(): boolean;
  /** Whose limit they wait at; null: they do not. */
  waitsFor(): OomVerdict['cause'] | null;
  close(): void;
}

/** What is above a monitored cgroup. */
export interface OomSurroundings {
  /** v1: the event count of the nearest cgroup above that is not a cage of ours. */
  firedAbove(): number;
  /** v2: the cages of ours that the cgroup sits in. */
  cages: readonly CgroupDirectory[];
  /** v2: the cgroups above those. */
  above: CgroupsAbove | undefined;
}

export function openOomMonitor(
  version: CgroupVersion,
  directory: CgroupDirectory,
  surroundings: OomSurroundings,
): OomMonitor {
  return version === 1 ? new OomMonitorV1(directory, surroundings) : new OomMonitorV2(directory, surroundings);
}
