import type { OomVerdict } from '../../types/outcome';
import type { Group } from './group';

// Between a v1 notification and the count of its kill the kernel writes its report to the log, a matter of milliseconds;
// and a victim may have gigabytes to give back, or there is none: so often at first, then ever more seldom.
const SHORT_WAITS = 32;
const LONGEST_WAIT_MS = 512;

/** How long to wait before look n (from 0); undefined: no more. */
function waitMs(look: number): number | undefined {
  const wait = 2 ** Math.max(0, look - SHORT_WAITS);
  return wait <= LONGEST_WAIT_MS ? wait : undefined;
}

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
  /** Kills counted in the leaves that exist. */
  readonly #inLeaves = new Map<Group, number>();
  readonly #timers = new Map<Group, NodeJS.Timeout>();
  #inRemovedLeaves = 0;
  #inCage = 0;
  #reported = 0;

  /**
   * @param cage the group of the whole cage
   * @param outer of the cage that this one is in
   */
  constructor(
    private readonly cage: Group,
    private readonly emit: (event: OomEvent) => void,
    private readonly outer: OomReporter | undefined,
  ) {}

  /** Kills so far, as far as they were reported. */
  get reported(): number {
    return this.#reported;
  }

  /** Report the kills in the cage's group, or in one of its leaves, as they happen. */
  watch(group: Group): void {
    group.watchOom(() => this.#look(group, 0));
  }

  /** Report now what has not been reported yet. Returns the group's own verdict. */
  check(group: Group): OomVerdict | null {
    return this.#check(group).verdict;
  }

  /** The last check was made, the leaf is gone. */
  forget(leaf: Group): void {
    this.#inRemovedLeaves += this.#inLeaves.get(leaf) ?? 0;
    this.#inLeaves.delete(leaf);
    this.#stop(leaf);
    this.outer?.forget(leaf);
  }

  stop(): void {
    for (const group of this.#timers.keys()) this.#stop(group);
    this.outer?.forget(this.cage);
  }

  #check(group: Group): { verdict: OomVerdict | null; isNews: boolean } {
    const { kills, verdict } = group.assess();
    // To the outer one all of this cage is a leaf, of which v1 does not add up the parts.
    this.outer?.check(this.cage.version === 1 ? group : this.cage);
    if (group === this.cage) this.#inCage = kills;
    else this.#inLeaves.set(group, kills);
    const totalKills = this.#total();
    const unreported = totalKills - this.#reported;
    if (unreported <= 0) return { verdict, isNews: false };
    this.#reported = totalKills;
    const cause = (verdict ?? this.cage.assess().verdict)?.cause ?? 'unknown';
    this.emit({ cause, kills: unreported, totalKills });
    return { verdict, isNews: true };
  }

  #total(): number {
    let leaves = this.#inRemovedLeaves;
    for (const kills of this.#inLeaves.values()) leaves += kills;
    // v2 adds up itself, but was perhaps read before the last leaf was.
    return this.cage.version === 2 ? Math.max(this.#inCage, leaves) : this.#inCage + leaves;
  }

  #look(group: Group, attempt: number): void {
    this.#stop(group);
    try {
      if (this.#check(group).isNews || !group.notifiesEarly) return;
    } catch {
      // Removed, or there is no fd free to read it with: what is missed now is reported at the end of the child.
    }
    const wait = waitMs(attempt);
    if (wait === undefined) return;
    const timer = setTimeout(() => this.#look(group, attempt + 1), wait);
    timer.unref();
    this.#timers.set(group, timer);
  }

  #stop(group: Group): void {
    clearTimeout(this.#timers.get(group));
    this.#timers.delete(group);
  }
}
