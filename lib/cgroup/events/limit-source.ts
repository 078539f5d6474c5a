import { OpenFile } from '../directory/open-file';
import { parseFlatKeyed } from '../files/formats';
import type { NamedSource, SourceContext } from './source';
import { Tallies } from './tally';
import type { CgroupEvent } from './types';

const FILE = 'memory.events';

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
    this.#file = new OpenFile(context.directory, FILE);
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
    return parseFlatKeyed(this.#file.text(), FILE);
  }

  #emit(name: LimitEventName, event: CgroupEvent): void {
    if (name === 'oom') this.context.emit(name, { ...event, underOom: false });
    else this.context.emit(name, event);
  }
}
