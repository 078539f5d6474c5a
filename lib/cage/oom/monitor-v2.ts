import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { OpenFile } from '../../cgroup/directory/open-file';
import { isGone } from '../../cgroup/directory/refusal';
import { parseFlatKeyed } from '../../cgroup/files/formats';
import { areEventsLocal } from '../../cgroup/hierarchy/host';
import { assessKills, whoseV2 } from './decide-whose-limit';
import type { KillingLimit, Whose } from './killing-limit';
import { LimitsAround, type OomSurroundings } from './limits-around';
import type { OomAssessment, OomMonitor, QuietState } from './monitor';
import { NestedCgroups, type NestedKills } from './nested-kills';

const LOCAL = 'memory.events.local';

interface Counters {
  /** The limit was about to be exceeded. */
  max: number;
  /** The limit was hit and nothing could be reclaimed. Counted where the limit is. */
  oom: number;
  /** Processes killed. Counted where they were. */
  oom_kill: number;
}

/** The counters of the cages around, and how often each ancestor refused memory. */
interface OomsAround {
  cages: readonly Counters[];
  ancestors: readonly number[];
}

/**
 * v2 counts both the limit's hits and the kills in `memory.events`, and adds up those of the cgroups below, unless it is
 * mounted with memory_localevents. The monitor keeps that file open and polls it: the kernel signals a change (POLLPRI), at
 * most once in 10 ms.
 */
export class OomMonitorV2 implements OomMonitor {
  readonly kind = 'priority';
  readonly countsCageCgroups = true;
  readonly #events: OpenFile;
  readonly #limits: LimitsAround;
  readonly #nested: NestedCgroups;
  // The cgroup itself is new and its counters are 0, but those around it have a past.
  #before: OomsAround;

  constructor(
    private readonly directory: CgroupDirectory,
    private readonly surroundings: OomSurroundings,
  ) {
    this.#limits = new LimitsAround(directory, surroundings);
    this.#nested = new NestedCgroups(directory, { file: LOCAL, wasHit: (below) => readLocal(below).oom > 0 });
    this.#before = this.#around();
    this.#events = new OpenFile(directory, 'memory.events');
    try {
      // A file that was never read counts as changed, and would be reported at once.
      this.#hierarchical();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get fd(): number {
    return this.#events.fd;
  }

  get quiet(): QuietState {
    const { isStamped } = this.#nested;
    return { file: this.fd, expected: '\noom_kill 0\n', eventFd: -1, isStamped };
  }

  begin(): boolean {
    this.#before = this.#around();
    this.#nested.begin();
    try {
      return this.#hierarchical().oom === 0;
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }

  assess(): OomAssessment {
    const { oom, oom_kill } = this.#hierarchical();
    const apart = this.#countedApart();
    if (oom_kill === 0 && apart === undefined) return { kills: 0, verdict: null };
    return assessKills(this.directory, this.#limits, {
      kills: Math.max(oom_kill, apart?.kills ?? 0),
      mayLackKills: apart !== undefined,
      mayHaveLost: (logged) => this.#nested.mayHaveLost(logged),
      whose: () => this.#whose(oom + Number(apart?.isLimitHit === true)),
      hitBelow: () => this.#hitBelow(),
    });
  }

  ooms(): number {
    return readLocal(this.directory).oom;
  }

  /**
   * The kernel adds the counts from below to this cgroup's, where they stay. The counts are read since that fails once the
   * limits are lost.
   */
  addCageCgroup(): void {
    this.#hierarchical();
  }

  removeCageCgroup(): void {}

  limitHit(): KillingLimit | undefined {
    return this.#limits.atLevel(
      [readLocal(this.directory), ...this.#since().cages].findIndex(({ max, oom }) => max > 0 || oom > 0),
    );
  }

  /** v2 can't turn the OOM killer off. */
  isKillerOff(): boolean {
    return false;
  }

  underOom(): boolean {
    return false;
  }

  waitsAt(): undefined {
    return undefined;
  }

  close(): void {
    this.#events.close();
  }

  /** The kills here and below, where the kernel does not add them up and there may be some. */
  #countedApart(): Pick<NestedKills, 'kills' | 'isLimitHit'> | undefined {
    if (!this.#nested.mayHaveKills || !areEventsLocal()) return undefined;
    const { kills, isLimitHit } = this.#nested.survey();
    return { kills: kills + readLocal(this.directory).oom_kill, isLimitHit };
  }

  #whose(oomWithin: number): Whose {
    const { cages, ancestors } = this.#since();
    return whoseV2({
      oomWithin,
      oomAtLimit: this.ooms(),
      oomCages: cages.map(({ oom }) => oom),
      oomCagesBefore: this.#before.cages.some(({ oom }) => oom > 0),
      oomAncestors: ancestors,
      hiddenAncestors: this.surroundings.ancestors.hidden,
    });
  }

  /** Path of the cgroup below whose limit was hit, unless that is gone or there are several. */
  #hitBelow(): string | undefined {
    const hit = this.directory.counts(LOCAL, 'oom');
    const [first, ...others] = hit;
    return first === undefined || others.length > 0 ? undefined : `${this.directory.path}/${first.path}`;
  }

  #hierarchical(): Counters {
    return counters(this.#events.text());
  }

  #around(): OomsAround {
    const { cages, ancestors } = this.surroundings;
    return { cages: cages.map(({ directory }) => readLocal(directory)), ancestors: ancestors.ooms() };
  }

  /** What the cages and ancestors around have counted since the child's start. */
  #since(): OomsAround {
    const { cages, ancestors } = this.#around();
    return {
      cages: cages.map(({ max, oom, oom_kill }, index) => {
        const before = this.#before.cages[index];
        return {
          max: max - (before?.max ?? 0),
          oom: oom - (before?.oom ?? 0),
          oom_kill: oom_kill - (before?.oom_kill ?? 0),
        };
      }),
      ancestors: ancestors.map((oom, index) => oom - (this.#before.ancestors[index] ?? 0)),
    };
  }
}

function readLocal(directory: CgroupDirectory): Counters {
  return counters(directory.read(LOCAL));
}

function counters(text: string): Counters {
  const { max = 0, oom = 0, oom_kill = 0 } = parseFlatKeyed(text, 'memory.events');
  return { max, oom, oom_kill };
}
