import { isGone, isRefused } from '../directory/refusal';
import { PatientLook } from '../directory/v1-notifications';
import { parseOomControl } from '../files/formats';
import { CountedEvents } from './counted';
import { Pace } from './pace';
import type { NamedSource, SourceContext } from './source';
import { Tallies } from './tally';
import type { CgroupEventName } from './types';

const FILE = 'memory.oom_control';

/** 'oom' and 'oomKill' of v1, and the removal, which the kernel notifies too. */
export class OomSource implements NamedSource<CgroupEventName> {
  readonly kind = 'event';
  readonly #events: CountedEvents;
  readonly #tallies = new Tallies<CgroupEventName>();
  readonly #killLook: PatientLook;
  /** While a victim dies, every other process that needs memory notifies again and again. */
  readonly #pace = new Pace(() => this.#emitOom());
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
