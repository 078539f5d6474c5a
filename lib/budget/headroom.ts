import { cpus } from 'node:os';
import type { MemoryOption } from '../../types/options';
import type { Cage } from '../contract/cage';

/**
 * The kernel charges what it keeps of a cgroup to the cgroup around it: 10 KiB on a machine with 2 processors, most of it for
 * each processor (Linux 5.9 to 6.18).
 */
const bytesOfCgroup = (): number => 16_384 + 4096 * cpus().length;
const JOBS_AT_FIRST = 64;

/**
 * The hard limit around all jobs is somewhat more than the memory that they share, so that jobs which use all of their own
 * limits don't meet it.
 */
export class Headroom {
  #jobs = JOBS_AT_FIRST;
  readonly #bytesOfCgroup = bytesOfCgroup();

  /** @param memoryBytes what the jobs share */
  constructor(private readonly memoryBytes: number) {}

  /** The option `memory` of the cage around all jobs. */
  around(memory: MemoryOption): MemoryOption {
    const max = this.#maxBytes();
    return typeof memory === 'object' ? { ...memory, max } : max;
  }

  /** Before so many jobs run. @throws what `Cage.setLimits()` throws */
  makeFor(jobs: number, cage: Cage): void {
    if (jobs <= this.#jobs || cage.enforcedBy.kind !== 'kernel') return;
    this.#jobs = Math.max(jobs, 2 * this.#jobs);
    cage.setLimits({ memory: { max: this.#maxBytes() } });
  }

  #maxBytes(): number {
    return this.memoryBytes + this.#jobs * this.#bytesOfCgroup;
  }
}
