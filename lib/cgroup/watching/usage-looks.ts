import { later, outsideOfCalls } from '../../common/event-loop/timers';
import type { CgroupDirectory } from '../directory/directory';
import { OpenFiles } from '../directory/open-file';
import { isGone } from '../directory/refusal';
import type { CgroupVersion } from '../files/formats';
import { memoryFile } from '../files/roles';
import { MomentReader, type Source } from './moment-reader';

const ROLES = ['usage', 'max'] as const;

/** The use of a cgroup, and its own limit. */
export interface SeenUsage {
  usageBytes: number;
  /** `Infinity` without one. */
  limitBytes: number;
}

/** Looks at one cgroup. */
export interface UsageLook {
  /** Looks at once. Does nothing if the cgroup is gone. */
  now(): void;
  end(): void;
}

interface Looked extends Source {
  readonly files: OpenFiles;
  readonly paceMs: number | undefined;
  readonly tell: (seen: SeenUsage) => void;
}

/** Looks at the use and the limit of cgroups, as long as someone wants to know. Those of one pace share a timer. */
class UsageLooks {
  readonly #all = new Set<Looked>();
  readonly #reader: MomentReader;
  readonly #ticking = new Set<number>();

  constructor(private readonly version: CgroupVersion) {
    this.#reader = new MomentReader(version, ROLES, []);
  }

  /**
   * @param paceMs from one look to the next. Undefined: looks only when asked to
   *
   * @throws why the files can't be opened
   */
  begin(directory: CgroupDirectory, tell: Looked['tell'], { paceMs }: Pick<Looked, 'paceMs'>): UsageLook {
    const looked: Looked = { directory, files: new OpenFiles(directory), paceMs, tell };
    try {
      for (const role of ROLES) looked.files.fd(memoryFile(role, this.version));
    } catch (error) {
      looked.files.close();
      throw error;
    }
    this.#all.add(looked);
    if (paceMs !== undefined) this.#tick(paceMs);
    return { now: () => this.#look([looked]), end: () => this.#end(looked) };
  }

  #end(looked: Looked): void {
    this.#all.delete(looked);
    looked.files.close();
  }

  #tick(paceMs: number): void {
    if (this.#ticking.has(paceMs) || this.#withPace(paceMs).length === 0) return;
    this.#ticking.add(paceMs);
    const look = (): void => {
      this.#ticking.delete(paceMs);
      this.#look(this.#withPace(paceMs));
      this.#tick(paceMs);
    };
    outsideOfCalls(() => later(look, paceMs).unref());
  }

  #withPace(paceMs: number): Looked[] {
    return Array.from(this.#all).filter((looked) => looked.paceMs === paceMs);
  }

  /** Tells once it has read all: whoever is told may read with the same buffer. */
  #look(asked: readonly Looked[]): void {
    const open = asked.filter((looked) => this.#all.has(looked));
    const seen = new Map<Looked, SeenUsage>();
    this.#reader.read(open, (moment, index) => {
      const looked = open[index] as Looked;
      try {
        const limitBytes = moment.value('max') ?? Number.POSITIVE_INFINITY;
        seen.set(looked, { usageBytes: moment.value('usage') ?? 0, limitBytes });
      } catch (error) {
        // If the cgroup is not gone, no fd is free to find out what is wrong with a file. The next look tries again.
        if (isGone(error)) this.#end(looked);
      }
    });
    for (const [looked, usage] of seen) if (this.#all.has(looked)) looked.tell(usage);
  }
}

const LOOKS: Readonly<Record<CgroupVersion, UsageLooks>> = { 1: new UsageLooks(1), 2: new UsageLooks(2) };

/** The looks at cgroups of this version. */
export function usageLooks(version: CgroupVersion): UsageLooks {
  return LOOKS[version];
}
