import { OpenFile } from '../directory/open-file';
import { missingFile } from '../directory/refused-file';
import { parseFlatKeyed } from '../files/formats';
import type { CgroupEvent } from './cgroup-events';
import { type NamedSource, type SourceContext, Tallies } from './source';

const LIMIT_FILE = 'memory.events';

const KEYS = { oom: 'oom', oomKill: 'oom_kill', high: 'high', max: 'max', low: 'low' } as const;
const NAMES = Object.keys(KEYS) as LimitEventName[];

export type LimitEventName = keyof typeof KEYS;

/**
 * `memory.events` of v2, for the cgroup and those below. The kernel reports changes at most every 10 ms; the counts
 * include what happens in between.
 */
export class LimitSource implements NamedSource<LimitEventName> {
  readonly kind = 'priority';
  readonly #file: OpenFile;
  readonly #tallies = new Tallies<LimitEventName>();

  constructor(private readonly context: SourceContext) {
    this.#file = new OpenFile(context.directory, LIMIT_FILE);
  }

  get fd(): number {
    return this.#file.fd;
  }

  begin(name: LimitEventName): void {
    this.#tallies.begin(name, this.#read()[KEYS[name]] ?? 0);
  }

  end(name: LimitEventName): void {
    this.#tallies.end(name);
  }

  look(timeMs: number): void {
    const counts = this.#read();
    for (const name of NAMES) {
      const event = this.#tallies.update(name, counts[KEYS[name]] ?? 0, timeMs);
      if (event !== undefined) this.#emit(name, event);
    }
  }

  conclude(): void {}

  close(): void {
    this.#file.close();
  }

  #read() {
    return parseFlatKeyed(this.#file.text(), LIMIT_FILE);
  }

  #emit(name: LimitEventName, event: CgroupEvent): void {
    if (name === 'oom') this.context.emit(name, { ...event, underOom: false });
    else this.context.emit(name, event);
  }
}

const STATE_FILE = 'cgroup.events';

/** The event for each change of a line. */
const CHANGES = {
  populated: { 0: 'empty', 1: 'populated' },
  frozen: { 0: 'thawed', 1: 'frozen' },
} as const;

type StateName = keyof typeof CHANGES;
export type StateEventName = (typeof CHANGES)[StateName][0 | 1];

const STATES = Object.keys(CHANGES) as StateName[];

/**
 * `cgroup.events` of the unified hierarchy. It has states, so a change that is undone before it is read goes
 * unnoticed.
 */
export class StateSource implements NamedSource<StateEventName> {
  readonly kind = 'priority';
  readonly #file: OpenFile;
  readonly #tallies = new Tallies<StateEventName>();
  readonly #changes = new Map<StateEventName, number>();
  #last: Readonly<Record<string, number>>;

  /** @param hasMembers whether the end of its processes is still unreported, even if they have ended */
  constructor(
    private readonly context: SourceContext,
    hasMembers: boolean,
  ) {
    this.#file = new OpenFile(context.directory, STATE_FILE);
    try {
      this.#last = { ...this.#read(), ...(hasMembers && { populated: 1 }) };
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get fd(): number {
    return this.#file.fd;
  }

  begin(name: StateEventName): void {
    if ((name === 'frozen' || name === 'thawed') && this.#last['frozen'] === undefined) {
      throw missingFile(this.context.directory, 'cgroup.freeze', { subject: `the event '${name}'` });
    }
    this.#tallies.begin(name, this.#changes.get(name) ?? 0);
  }

  end(name: StateEventName): void {
    this.#tallies.end(name);
  }

  look(timeMs: number): void {
    this.#compare(this.#read(), timeMs);
  }

  /** A process was put into the cgroup, and may have ended since: look afterwards. */
  noteMember(timeMs: number): void {
    this.#compare({ ...this.#last, populated: 1 }, timeMs);
  }

  conclude(timeMs: number): void {
    // A cgroup can't be removed before it is empty.
    this.#compare({ ...this.#last, populated: 0 }, timeMs);
  }

  close(): void {
    this.#file.close();
  }

  #read() {
    return parseFlatKeyed(this.#file.text(), STATE_FILE);
  }

  #compare(now: Readonly<Record<string, number>>, timeMs: number): void {
    const before = this.#last;
    this.#last = now;
    for (const state of STATES) {
      if (now[state] === before[state]) continue;
      const name = CHANGES[state][now[state] === 1 ? 1 : 0];
      const changes = (this.#changes.get(name) ?? 0) + 1;
      this.#changes.set(name, changes);
      const event = this.#tallies.update(name, changes, timeMs);
      if (event !== undefined) this.context.emit(name, event);
    }
  }
}
