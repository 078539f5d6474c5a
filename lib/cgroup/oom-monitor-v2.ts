import type { OomVerdict } from '../../types/outcome';
import type { CgroupDirectory } from './directory';
import { parseFlatKeyed } from './formats';
import type { OomAssessment, OomMonitor, OomSurroundings, QuietState } from './oom-monitor';
import { OpenFile } from './open-file';
import { isGone } from './refusal';
import { type OomCounters, verdictV2 } from './verdict';

const LOCAL = 'memory.events.local';

/** Of `memory.events.local`. */
interface LocalCounters extends OomCounters {
  /** The limit was about to be exceeded; counted where the limit is. */
  max: number;
}

/**
 * v2 counts both the limit's hits and the kills in `memory.events`, which is kept open: polling tells its changes
 * (POLLPRI), at most one in 10 ms.
 */
export class OomMonitorV2 implements OomMonitor {
  readonly kind = 'priority';
  readonly #events: OpenFile;
  // The cgroup itself is new, its counters 0; those above have a past.
  #cagesBefore: readonly LocalCounters[];
  #oomAboveBefore: number;

  constructor(
    private readonly directory: CgroupDirectory,
    private readonly surroundings: OomSurroundings,
  ) {
    this.#cagesBefore = surroundings.cages.map(readLocal);
    this.#oomAboveBefore = this.#oomAbove();
    this.#events = new OpenFile(directory, 'memory.events');
    try {
      // What was never read counts as changed, and is reported at once.
      this.#hierarchical();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get fd(): number {
    return this.#events.fd;
  }

  readonly quiet: QuietState = { file: 'memory.events', expected: '\noom_kill 0\n', eventFd: -1 };

  begin(): boolean {
    this.#cagesBefore = this.surroundings.cages.map(readLocal);
    this.#oomAboveBefore = this.#oomAbove();
    try {
      return this.#hierarchical().oom === 0;
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }

  assess(): OomAssessment {
    const hierarchical = this.#hierarchical();
    const kills = hierarchical.oom_kill;
    return { kills, verdict: kills === 0 ? null : this.#verdict(hierarchical) };
  }

  /** Nothing to do: what is counted below is added up here, and stays. */
  addLeaf(): void {}

  removeLeaf(): void {}

  #verdict(hierarchical: OomCounters): OomVerdict | null {
    const { above } = this.surroundings;
    const oomAbove = this.#oomAbove() - this.#oomAboveBefore;
    return verdictV2({
      hierarchical,
      local: readLocal(this.directory),
      cages: this.#cagesSince(),
      ancestorOom: oomAbove === 0 && above?.hidden === true ? null : oomAbove,
    });
  }

  limitWasHit(): boolean {
    return [readLocal(this.directory), ...this.#cagesSince()].some(({ max, oom }) => max > 0 || oom > 0);
  }

  /** v2 can't turn the OOM killer off. */
  underOom(): boolean {
    return false;
  }

  waitsFor(): null {
    return null;
  }

  close(): void {
    this.#events.close();
  }

  #hierarchical(): OomCounters {
    return counters(this.#events.text());
  }

  /** What the cages that it sits in have counted since its life began. */
  #cagesSince(): LocalCounters[] {
    return this.surroundings.cages.map((cage, index) => {
      const { max, oom, oom_kill } = readLocal(cage);
      const before = this.#cagesBefore[index];
      return {
        max: max - (before?.max ?? 0),
        oom: oom - (before?.oom ?? 0),
        oom_kill: oom_kill - (before?.oom_kill ?? 0),
      };
    });
  }

  #oomAbove(): number {
    return this.surroundings.above?.oomCount() ?? 0;
  }
}

function readLocal(directory: CgroupDirectory): LocalCounters {
  return counters(directory.read(LOCAL));
}

function counters(text: string): LocalCounters {
  const { max = 0, oom = 0, oom_kill = 0 } = parseFlatKeyed(text, 'memory.events');
  return { max, oom, oom_kill };
}
