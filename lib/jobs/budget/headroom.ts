import { cpus } from 'node:os';
import type { MemoryOption } from '../../../types/options';
import type { SharedCage } from '../../cage/contract/cage';

/**
 * The kernel charges what it keeps of a cgroup to the cgroup around it: 10 KiB on a machine with 2 processors, most of it for
 * each processor (Linux 5.9 to 6.18).
 */
const bytesOfCgroup = (): number => 16_384 + 4096 * cpus().length;
const JOBS_AT_FIRST = 64;
/** The kernel rounds a limit down to pages. */
const LARGEST_PAGE_BYTES = 65_536;

/** What the hard limit has room for beside the memory of the jobs. */
interface Beside {
  /** How many jobs have cgroups. */
  jobs: number;
  heldBytes: number;
}

/**
 * The hard limit around all jobs is somewhat more than the memory that they share, so that jobs which use all of their own
 * limits don't meet it.
 */
export class Headroom {
  #beside: Beside = { jobs: JOBS_AT_FIRST, heldBytes: 0 };
  #heldBytes = 0;
  readonly #bytesOfCgroup = bytesOfCgroup();

  /** @param memoryBytes what the jobs share */
  constructor(private readonly memoryBytes: number) {}

  /** The option `memory` of the cage around all jobs. */
  around(memory: MemoryOption): MemoryOption {
    const max = this.#maxBytes(this.#beside);
    return typeof memory === 'object' ? { ...memory, max } : max;
  }

  /** Before so many jobs run. @throws what `Cage.setLimits()` throws */
  makeFor(jobs: number, cage: SharedCage): void {
    const known = this.#beside.jobs;
    if (jobs > known) this.#raise(cage, { jobs: Math.max(jobs, 2 * known) });
  }

  /** Before a child is born that waits, with nothing reserved for it. @throws what `Cage.setLimits()` throws */
  hold(bytes: number, cage: SharedCage): void {
    this.#heldBytes += bytes;
    const known = this.#beside.heldBytes;
    if (this.#heldBytes > known) this.#raise(cage, { heldBytes: Math.max(this.#heldBytes, 2 * known) });
  }

  /** A child that was held waits no more. */
  letGo(bytes: number): void {
    this.#heldBytes -= bytes;
  }

  #maxBytes({ jobs, heldBytes }: Beside): number {
    return this.memoryBytes + jobs * this.#bytesOfCgroup + heldBytes;
  }

  #raise(cage: SharedCage, more: Partial<Beside>): void {
    if (cage.enforcedBy.kind !== 'kernel') return;
    // Somebody has given it another limit, which counts.
    const lessBytes = this.#maxBytes(this.#beside) - cage.cgroup.usage().limitBytes;
    if (lessBytes < 0 || lessBytes >= LARGEST_PAGE_BYTES) return;
    const beside = { ...this.#beside, ...more };
    cage.setLimits({ memory: { max: this.#maxBytes(beside) } });
    // What was refused is tried again.
    this.#beside = beside;
  }
}
