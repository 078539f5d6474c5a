import type { NativeBinding } from '../../../../types/native';
import type { Look, Process } from './process';

/** What is used of the addon, where it can be loaded. */
export type DataLimits = Pick<NativeBinding, 'limitData'>;

/** In bits that the kernel ignores, since it counts pages. They tell a brake from a limit that somebody else has set. */
const MARK = 0xb4e;
const MARKED = 0x1000;

/** A program that was refused memory may take so long to end, and gives its memory back first, and so loses the brake. */
const LATELY_MS = 1000;

/** What a process with a brake has started in so long was seen by a look. */
const REMEMBER_MS = 10_000;

interface Brake {
  /** Of the group. */
  readonly limitBytes: number;
  /** What the group lets the process have. */
  readonly bytes: number;
}

interface Braked {
  readonly start: number;
  /** By the number of the group. */
  readonly by: Map<number, Brake>;
  /** That of the lowest brake, for whose sake the kernel refuses memory. */
  readonly limitBytes: number;
  /** When it last got one. */
  readonly sinceMs: number;
}

/**
 * Limits of RLIMIT_DATA on processes that are about to reach the limit of their group: the kernel refuses them more memory,
 * if no look comes in time. It counts what is reserved, used or not, and some programs reserve far more than they use: Node 24
 * half a gigabyte for each thread, AddressSanitizer terabytes. So no process has a brake before it is that far.
 */
export class Brakes {
  readonly #braked = new Map<number, Braked>();

  constructor(private readonly limits: DataLimits | undefined) {}

  /** Lets the process have `bytes` of memory of its own. Whoever has a limit of somebody else's keeps that. */
  put({ id, limitBytes }: { id: number; limitBytes: number }, process: Process, bytes: number, look: Look): void {
    const { pid, start } = process;
    const known = this.#braked.get(pid);
    const by = new Map(known?.start === start ? known.by : []).set(id, { limitBytes, bytes });
    const lowest = [...by.values()].reduce((one, other) => (other.bytes < one.bytes ? other : one));
    if (!this.#limit(process, lowest.bytes, look)) return;
    this.#braked.set(pid, { start, by, limitBytes: lowest.limitBytes, sinceMs: performance.now() });
  }

  /** The limit for whose sake it has a brake, or had one lately, in bytes. */
  limitOf({ pid, start }: Process): number | undefined {
    const braked = this.#braked.get(pid);
    const hadLately = braked?.start === start && performance.now() < braked.sinceMs + LATELY_MS;
    return hadLately ? braked.limitBytes : undefined;
  }

  /** Takes away what this group has put on the process. What it has started meanwhile has the same brake. */
  lift(group: number, process: Process, look: Look): void {
    for (const [pid, { sinceMs }] of this.#braked) {
      if (performance.now() > sinceMs + REMEMBER_MS) this.#braked.delete(pid);
    }
    if (this.#braked.size === 0) return;
    const braked = this.#braked.get(process.pid);
    const own = braked?.start === process.start ? braked : undefined;
    own?.by.delete(group);
    if (own === undefined || own.by.size === 0) this.#limit(process, Number.POSITIVE_INFINITY, look);
  }

  /** @returns whether the process has that limit now */
  #limit(process: Process, bytes: number, look: Look): boolean {
    const { pid } = process;
    const soft = Number.isFinite(bytes) ? Math.ceil(bytes / MARKED) * MARKED + MARK : bytes;
    try {
      const before = this.limits?.limitData({ pid });
      if (before === undefined || (Number.isFinite(before) && before % MARKED !== MARK)) return false;
      if (before === soft) return true;
      this.limits?.limitData({ pid, soft });
      if (look.find(pid)?.start === process.start) return true;
      // Another may have got the pid.
      this.limits?.limitData({ pid, soft: before });
    } catch {
      // It has ended, or it is another user's. The sampler goes on to look at it.
    }
    return false;
  }
}
