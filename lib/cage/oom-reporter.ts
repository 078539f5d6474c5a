import type { OomVerdict } from '../../types/outcome';
import { MemcageError } from '../errors';
import type { Group } from './group';

// The kill follows a v1 notification within microseconds, unless the victim has gigabytes to give back, or there is none.
const WAITS_MS = [1, 1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/** What an 'oom' event says. */
export interface OomEvent {
  /** Whose limit it was; see the outcome's verdict. */
  cause: OomVerdict['cause'];
  /** Processes killed since the last event. */
  kills: number;
  /** Processes of the cage killed so far. */
  totalKills: number;
}

/** Turns the kernel's notifications, which come without a kill as well, into events about kills. */
export class OomReporter {
  #seen = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param total the group whose count is the whole cage's */
  constructor(
    private readonly total: Group,
    private readonly emit: (event: OomEvent) => void,
  ) {}

  /** Report the kills in a group of the cage as they happen. */
  watch(group: Group): void {
    group.watchOom(() => this.#look(group, 0));
  }

  /** Report now what has not been reported yet. False: nothing new. */
  check(group: Group): boolean {
    const totalKills = this.total.kills();
    const kills = totalKills - this.#seen;
    if (kills <= 0) return false;
    this.#seen = totalKills;
    const verdict = group.verdict() ?? this.total.verdict();
    this.emit({ cause: verdict?.cause ?? 'unknown', kills, totalKills });
    return true;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #look(group: Group, attempt: number): void {
    clearTimeout(this.#timer);
    try {
      if (this.check(group)) return;
    } catch (error) {
      // Removed meanwhile; the end of the child has reported what there was.
      if (error instanceof MemcageError && error.code === 'ERR_MEMCAGE_CGROUP_GONE') return;
      throw error;
    }
    const wait = WAITS_MS[attempt];
    if (wait === undefined) return;
    this.#timer = setTimeout(() => this.#look(group, attempt + 1), wait);
    this.#timer.unref();
  }
}
