import { isGone, isRefused } from '../directory/refusal';
import { CountedEvents, PatientLook } from '../directory/v1-notifications';
import { parseOomControl } from '../files/formats';
import type { CgroupEventName } from './cgroup-events';
import { type NamedSource, type SourceContext, Tallies } from './source';

const FILE = 'memory.oom_control';

/** 'oom' and 'oomKill' of v1, and the removal, which the kernel notifies too. */
export class OomSource implements NamedSource<CgroupEventName> {
  readonly kind = 'event';
  readonly #events: CountedEvents;
  readonly #tallies = new Tallies<CgroupEventName>();
  readonly #killLook: PatientLook;
  /** While a victim dies, every other process that needs memory notifies again and again. */
  readonly #pace = new OomPace(() => this.#emitOom());
  /** Kills that earlier notifications may still be about. */
  #awaited = 0;
  #total = 0;
  #kills: number;
  #timeMs = 0;
  #oomMs = 0;
  #isWaiting = false;
  #isClosed = false;

  constructor(private readonly context: SourceContext) {
    this.#events = new CountedEvents(context.directory, FILE, { file: FILE });
    this.#kills = this.#readKills();
    this.#killLook = new PatientLook(() => this.#isKillFound());
  }

  get fd(): number {
    return this.#events.fd;
  }

  begin(name: CgroupEventName): void {
    this.#tallies.begin(name, name === 'oom' ? this.#total : this.#kills);
  }

  end(name: CgroupEventName): void {
    this.#tallies.end(name);
    if (name === 'oom') this.#pace.stop();
  }

  look(timeMs: number): void {
    const { total, text } = this.#events.read();
    const { underOom, oomKillDisable, oomKills } = parseOomControl(text);
    const isWaiting = underOom && oomKillDisable;
    this.#awaited = isWaiting ? 0 : this.#awaited + total - this.#total;
    this.#timeMs = timeMs;
    this.#noteOom(total, timeMs, isWaiting);
    this.#emitKills(oomKills);
    if (!this.#isClosed && this.#awaited > 0 && this.#tallies.has('oomKill')) this.#killLook.start();
  }

  conclude(timeMs: number, isNotified: boolean): void {
    this.#stop();
    this.#total = this.#events.last(isNotified);
    this.#oomMs = timeMs;
    this.#isWaiting = false;
    this.#emitOom();
  }

  close(): void {
    this.#isClosed = true;
    this.#stop();
    this.#events.close();
  }

  #stop(): void {
    this.#killLook.stop();
    this.#pace.stop();
  }

  #readKills(): number {
    try {
      return parseOomControl(this.#events.text()).oomKills;
    } catch (error) {
      this.#events.close();
      throw error;
    }
  }

  #noteOom(total: number, timeMs: number, isWaiting: boolean): void {
    if (total === this.#total) return;
    this.#total = total;
    this.#oomMs = timeMs;
    // A change in whether processes wait is reported at once.
    if (isWaiting !== this.#isWaiting) this.#pace.stop();
    this.#isWaiting = isWaiting;
    if (this.#tallies.has('oom')) this.#pace.note();
  }

  #emitOom(): void {
    const event = this.#tallies.update('oom', this.#total, this.#oomMs);
    if (event !== undefined) this.context.emit('oom', { ...event, underOom: this.#isWaiting });
  }

  #emitKills(kills: number): void {
    this.#awaited = Math.max(0, this.#awaited - (kills - this.#kills));
    this.#kills = kills;
    const event = this.#tallies.update('oomKill', kills, this.#timeMs);
    if (event !== undefined) this.context.emit('oomKill', event);
  }

  /** The kernel counts a kill after it notifies, and not every notification is about a kill here. */
  #isKillFound(): boolean {
    try {
      this.#emitKills(parseOomControl(this.#events.text()).oomKills);
    } catch (error) {
      if (isGone(error)) return true;
      if (!isRefused(error)) throw error;
    }
    return this.#awaited === 0;
  }
}

/** After this much quiet, the next event is reported at once. */
const QUIET_MS = 10;
/** How many such times an event is held back if it does not get quiet. */
const MOST_TURNS = 100;

/**
 * Reports the first of many events in a row at once, and the rest together once it is quiet again, or after a second.
 */
class OomPace {
  #timer: NodeJS.Timeout | undefined;
  #turns = 0;
  #isPutOff = false;
  #isQuiet = true;

  /** @param tell reports what has happened by then */
  constructor(private readonly tell: () => void) {}

  /** Something has happened. */
  note(): void {
    this.#isQuiet = false;
    if (this.#timer === undefined) this.#tell();
    else this.#isPutOff = true;
  }

  /** Forgets what is held back. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isPutOff = false;
  }

  #tell(): void {
    this.#isPutOff = false;
    this.#turns = 0;
    // Before the report, because whoever gets it may stop this.
    this.#wait();
    this.tell();
  }

  #wait(): void {
    this.#isQuiet = true;
    this.#timer = setTimeout(() => this.#look(), QUIET_MS).unref();
  }

  #look(): void {
    this.#turns += 1;
    if (!this.#isQuiet && this.#turns < MOST_TURNS) this.#wait();
    else if (this.#isPutOff) this.#tell();
    else this.#timer = undefined;
  }
}
