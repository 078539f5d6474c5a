import { PatientLook } from '../cgroup/directory/v1-notifications';
import { loadNative } from '../common/addon/load-native';
import { explainWait, inWords, type OomFacts } from '../common/text/oom-words';
import type { CageCgroup } from './cgroup/cage-cgroup';
import type { OomEvent } from './contract/cage-events';
import { type KillingLimit, nowhere } from './oom/killing-limit';

/** Turns the kernel's notifications, which also come without a kill, into events about kills. */
export class OomReporter {
  /** Kills counted in each cage cgroup below that exists. */
  readonly #inEach = new Map<CageCgroup, number>();
  readonly #looks = new Map<CageCgroup, PatientLook>();
  #inRemoved = 0;
  #inCage = 0;
  #reported = 0;
  #lastNs = 0;

  /**
   * @param cage the cgroup of the whole cage
   * @param outer the reporter of the cage that this one is in
   */
  constructor(
    private readonly cage: CageCgroup,
    private readonly emit: (event: OomEvent) => void,
    private readonly outer: OomReporter | undefined,
  ) {}

  /** Number of kills reported so far. */
  get reported(): number {
    return this.#reported;
  }

  /** When the last of them was seen, by CLOCK_MONOTONIC. */
  get lastNs(): number {
    return this.#lastNs;
  }

  /** Reports the kills in the cage's cgroup, or in a cage cgroup below, as they happen. */
  watch(cgroup: CageCgroup): void {
    let notifiedMs = 0;
    const look = new PatientLook(() => this.#isSettled(cgroup, notifiedMs));
    cgroup.watchOom((timeMs) => {
      notifiedMs = timeMs;
      this.#reportWaiting(cgroup, timeMs);
      look.start();
    });
    this.#looks.set(cgroup, look);
  }

  /** Reports now what has not been reported yet. Returns the cgroup's own verdict. */
  check(cgroup: CageCgroup): OomFacts | null {
    return this.#check(cgroup, Date.now()).verdict;
  }

  /** Called after the last check, when the cgroup is gone. */
  forget(cgroup: CageCgroup): void {
    this.#inRemoved += this.#inEach.get(cgroup) ?? 0;
    this.#inEach.delete(cgroup);
    this.#stop(cgroup);
    this.outer?.forget(cgroup);
  }

  stop(): void {
    for (const cgroup of this.#looks.keys()) this.#stop(cgroup);
    this.outer?.forget(this.cage);
  }

  #check(cgroup: CageCgroup, timeMs: number): { verdict: OomFacts | null; isNews: boolean } {
    const { kills, verdict } = cgroup.monitor.assess();
    // For the outer reporter this whole cage is one cgroup. v1 adds nothing up, so there it gets each cgroup by itself.
    if (this.outer !== undefined) this.outer.#check(this.cage.monitor.countsCageCgroups ? this.cage : cgroup, timeMs);
    if (cgroup === this.cage) this.#inCage = kills;
    else this.#inEach.set(cgroup, kills);
    const totalKills = this.#total();
    const unreported = totalKills - this.#reported;
    if (unreported <= 0) return { verdict, isNews: false };
    this.#reported = totalKills;
    this.#lastNs = loadNative().monotonicNs();
    const by = verdict ?? this.cage.monitor.assess().verdict ?? { ...nowhere('unknown'), victims: null };
    const victims = by.victims?.slice(-unreported) ?? null;
    const told = { kills: unreported, victims };
    const seen = inWords({ ...this.#seenFromHere(by), ...told });
    // Who reads the sentence knows the child, and that it has a limit of its own.
    const { message } = by.cause === 'limit' ? inWords({ ...by, ...told }) : seen;
    this.emit({ ...seen, message, totalKills, underOom: false, timeMs });
    return { verdict, isNews: true };
  }

  #total(): number {
    let below = this.#inRemoved;
    for (const kills of this.#inEach.values()) below += kills;
    // The kernel's sum may have been read before the last cgroup below was.
    return this.cage.monitor.countsCageCgroups ? Math.max(this.#inCage, below) : this.#inCage + below;
  }

  /** Whether there is nothing more to wait for. */
  #isSettled(cgroup: CageCgroup, timeMs: number): boolean {
    try {
      return this.#check(cgroup, timeMs).isNews || !notifiesEarly(cgroup);
    } catch {
      // The cgroup was removed, or no fd is free to read it. What is missed now is reported at the end of the child.
      return false;
    }
  }

  /** A v1 notification may also mean that processes wait for memory, and that no kill follows. */
  #reportWaiting(cgroup: CageCgroup, timeMs: number): void {
    try {
      const limit = cgroup.monitor.waitsAt();
      // v1 notifies every cgroup below the limit. A wait at the cage's own limit is reported once, by the cage cgroup.
      if (limit === undefined || (cgroup !== this.cage && this.cage.monitor.underOom())) return;
      this.#emitWaiting(limit, timeMs);
    } catch {
      // The cgroup was removed, or no fd is free. The kernel notifies again when the next process has to wait.
    }
  }

  #emitWaiting(limit: KillingLimit, timeMs: number): void {
    const totalKills = this.#reported;
    const seen = this.#seenFromHere(limit);
    const message = explainWait(seen);
    this.emit({ message, ...seen, kills: 0, totalKills, victims: null, underOom: true, timeMs });
    if (this.outer !== undefined && !this.outer.cage.monitor.underOom()) this.outer.#emitWaiting(limit, timeMs);
  }

  /** Seen from here, a cage within this one is a descendant. Seen from there, this one is a cage around it. */
  #seenFromHere({ cause, limitBytes, path }: KillingLimit): KillingLimit {
    const { path: here } = this.cage.memory;
    if (path === here) return { cause: 'limit', limitBytes, path };
    const isWithin = path?.startsWith(`${here}/`) === true;
    return { cause: isWithin ? 'descendant' : cause, limitBytes, path };
  }

  #stop(cgroup: CageCgroup): void {
    this.#looks.get(cgroup)?.stop();
    this.#looks.delete(cgroup);
  }
}

/** Whether a notification may come before the kill is counted (v1). */
function notifiesEarly({ monitor }: CageCgroup): boolean {
  return monitor.kind === 'event';
}
