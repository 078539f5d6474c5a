import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { memoryController } from '../../cgroup/files/controller';
import { Cgroup } from '../../cgroup/handle/cgroup';
import { mountPointAbove } from '../../cgroup/hierarchy/host';
import { MemcageError } from '../../common/errors/errors';
import { UseReader } from './use-reader';

/** Limits that others set change rarely. */
const KNOWN_FOR_MS = 1000;
const AVAILABLE = /^MemAvailable:\s+(\d+) kB$/m;

interface Limited {
  readonly cgroup: Cgroup;
  readonly limitBytes: number;
}

/**
 * What bounds the jobs of a budget beside its memory: the limits of cgroups around it, and what the machine has left. Others use both.
 * The limit of its own cgroup counts too: somebody may have lowered it.
 */
export class AvailableMemory {
  readonly #reader: UseReader;
  #limited: readonly Limited[] = [];
  #hiddenLimitBytes = Number.POSITIVE_INFINITY;
  #knownMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly cgroup: Cgroup) {
    this.#reader = new UseReader(cgroup.version);
  }

  /**
   * How much more than now can be used before something else than the limit of the budget is reached, in bytes.
   *
   * @param usedBytes what is used in the budget
   * @throws what is about no cgroup, such as a lack of fds
   */
  moreBytes(usedBytes: number, nowMs: number): number {
    if (nowMs - this.#knownMs >= KNOWN_FOR_MS) this.#findLimits(nowMs);
    const uses = this.#reader.read(this.#limited.map(({ cgroup }) => cgroup));
    // A cgroup that is gone limits nothing. A new limit may be unseen until limits are looked for again.
    const left = this.#limited.map(({ limitBytes }, index) => limitBytes - (uses[index] ?? 0));
    return Math.max(0, Math.min(availableBytes(), this.#hiddenLimitBytes - usedBytes, ...left));
  }

  /** Closes what it has open, until the next look. */
  end(): void {
    for (const { cgroup } of this.#limited) cgroup.close();
    this.#limited = [];
    this.#knownMs = Number.NEGATIVE_INFINITY;
  }

  #findLimits(nowMs: number): void {
    this.end();
    const { cgroup } = this;
    const { hierarchicalLimit } = memoryController(cgroup.version);
    // v1 knows the limits of cgroups that can't be seen, but not what is used in them.
    if (hierarchicalLimit !== undefined) {
      this.#hiddenLimitBytes = cgroup.stat()[hierarchicalLimit] ?? Number.POSITIVE_INFINITY;
    }
    const limited: Limited[] = [];
    this.#limited = limited;
    for (const path of pathsFrom(cgroup)) {
      const each = limitedAt(path);
      if (each !== undefined) limited.push(each);
    }
    this.#knownMs = nowMs;
  }
}

function pathsFrom({ path }: Cgroup): string[] {
  const top = mountPointAbove(path);
  const paths: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    paths.push(at);
    if (at === top || at === '/') return paths;
  }
}

/** The cgroup with that path, opened, and its limit; undefined if it has none. */
function limitedAt(path: string): Limited | undefined {
  let cgroup: Cgroup | undefined;
  let limitBytes = Number.POSITIVE_INFINITY;
  try {
    cgroup = Cgroup.open(path);
    limitBytes = cgroup.limits().max;
    if (limitBytes !== Number.POSITIVE_INFINITY) return { cgroup, limitBytes };
  } catch (error) {
    if (!(error instanceof MemcageError)) throw error;
  } finally {
    if (limitBytes === Number.POSITIVE_INFINITY) cgroup?.close();
  }
  return undefined;
}

/** What the kernel could give to programs without swapping. */
function availableBytes(): number {
  const kib = AVAILABLE.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
  return kib === undefined ? Number.POSITIVE_INFINITY : Number(kib) * 1024;
}
