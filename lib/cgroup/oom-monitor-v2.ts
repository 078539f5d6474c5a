import type { OomVerdict } from '../../types/outcome';
import { MemcageError } from '../errors';
import type { CgroupDirectory } from './directory';
import { parseFlatKeyed } from './formats';
import type { OomAssessment, OomMonitor, OomSurroundings, QuietState } from './oom-monitor';
import { cgroupError } from './refusal';
import { type OomCounters, verdictV2 } from './verdict';

const LOCAL = 'memory.events.local';

/**
 * v2 counts both the limit's hits and the kills in `memory.events`, which is kept open: polling tells its changes
 * (POLLPRI), at most one in 10 ms.
 */
export class OomMonitorV2 implements OomMonitor {
  readonly kind = 'priority';
  readonly fd: number;
  readonly #buffer = new Uint8Array(4096);
  // The cgroup itself is new, its counters 0; those above have a past.
  #cagesBefore: readonly OomCounters[];
  #ancestorOomBefore: number | null;

  constructor(
    private readonly directory: CgroupDirectory,
    private readonly surroundings: OomSurroundings,
  ) {
    this.#cagesBefore = surroundings.cages.map(readLocal);
    this.#ancestorOomBefore = this.#ancestorOom();
    this.fd = directory.open('memory.events', 'read');
  }

  readonly quiet: QuietState = { file: 'memory.events', expected: '\noom_kill 0\n', eventFd: -1 };

  begin(): boolean {
    this.#cagesBefore = this.surroundings.cages.map(readLocal);
    this.#ancestorOomBefore = this.#ancestorOom();
    try {
      return this.#hierarchical().oom === 0;
    } catch (error) {
      if (error instanceof MemcageError && error.code === 'ERR_MEMCAGE_CGROUP_GONE') return false;
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
    const ancestorOom = this.#ancestorOom();
    return verdictV2({
      hierarchical,
      local: readLocal(this.directory),
      cages: this.surroundings.cages.map((cage, index) => {
        const { oom, oom_kill } = readLocal(cage);
        const before = this.#cagesBefore[index];
        return { oom: oom - (before?.oom ?? 0), oom_kill: oom_kill - (before?.oom_kill ?? 0) };
      }),
      ancestorOom:
        ancestorOom === null || this.#ancestorOomBefore === null ? null : ancestorOom - this.#ancestorOomBefore,
    });
  }

  limitWasHit(): boolean {
    const { max = 0, oom = 0 } = parseFlatKeyed(this.directory.read(LOCAL), LOCAL);
    return max > 0 || oom > 0;
  }

  /** v2 can't turn the OOM killer off. */
  underOom(): boolean {
    return false;
  }

  close(): void {
    this.directory.native.closeFd({ fd: this.fd });
  }

  /** Through the open file: that is also what makes it readable again for the next change. */
  #hierarchical(): OomCounters {
    let length: number;
    try {
      length = this.directory.native.readOpen({ fd: this.fd, buffer: this.#buffer });
    } catch (error) {
      throw cgroupError(error, 'read', `${this.directory.path}/memory.events`);
    }
    return counters(Buffer.from(this.#buffer.subarray(0, length)).toString('latin1'));
  }

  #ancestorOom(): number | null {
    let sum = 0;
    for (const ancestor of this.surroundings.ancestors) {
      const text = ancestor.readIfPresent(LOCAL);
      // The root has no such file, and no limit either.
      if (text !== undefined) sum += counters(text).oom;
    }
    return sum;
  }
}

function readLocal(directory: CgroupDirectory): OomCounters {
  return counters(directory.read(LOCAL));
}

function counters(text: string): OomCounters {
  const { oom = 0, oom_kill = 0 } = parseFlatKeyed(text, 'memory.events');
  return { oom, oom_kill };
}
