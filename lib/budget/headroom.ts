import { cpus } from 'node:os';
import type { MemoryOption } from '../../types/options';
import type { Cage } from '../contract/cage';

/**
 * The kernel charges what it keeps of a cgroup to the cgroup around it: 10 KiB on a machine with 2 processors, most of it for
 * each processor (Linux 5.9 to 6.18).
 */
const bytesOfCgroup = (): number => 16_384 + 4096 * cpus().length;
const JOBS_AT_FIRST = 64;
/** The kernel rounds a limit down to pages. */
const LARGEST_PAGE_BYTES = 65_536;

/**
 * The hard limit around all jobs is somewhat more than the memory that they share, so that jobs which use all of their own
 * limits don't meet it.
 */
export class Headroom {
  #jobs = JOBS_AT_FIRST;
  #heldBytes = 0;
  #forHeldBytes = 0;
  readonly #bytesOfCgroup = bytesOfCgroup();

  /** @param memoryBytes what the jobs share */
  constructor(private readonly memoryBytes: number) {}

  /** The option `memory` of the cage around all jobs. */
  around(memory: MemoryOption): MemoryOption {
    const max = this.#maxBytes;
    return typeof memory === 'object' ? { ...memory, max } : max;
  }

  /** Before so many jobs run. @throws what `Cage.setLimits()` throws */
  makeFor(jobs: number, cage: Cage): void {
    if (jobs <= this.#jobs || cage.enforcedBy.kind !== 'kernel') return;
    this.#raise(cage, () => (this.#jobs = Math.max(jobs, 2 * this.#jobs)));
  }

  /** Before a child is born that waits, with nothing reserved for it. @throws what `Cage.setLimits()` throws */
  hold(bytes: number, cage: Cage): void {
    this.#heldBytes += bytes;
    if (this.#heldBytes <= this.#forHeldBytes || cage.enforcedBy.kind !== 'kernel') return;
    this.#raise(cage, () => (this.#forHeldBytes = Math.max(this.#heldBytes, 2 * this.#forHeldBytes)));
  }

  /** One of those waits no more. */
  letGo(bytes: number): void {
    this.#heldBytes -= bytes;
  }

  get #maxBytes(): number {
    return this.memoryBytes + this.#jobs * this.#bytesOfCgroup + this.#forHeldBytes;
  }

  #raise(cage: Cage, grow: () => void): void {
    // Somebody has given it another limit, which counts.
    const lessBytes = this.#maxBytes - cage.cgroup.usage().limitBytes;
    if (lessBytes < 0 || lessBytes >= LARGEST_PAGE_BYTES) return;
    grow();
    cage.setLimits({ memory: { max: this.#maxBytes } });
  }
}
