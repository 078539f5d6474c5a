const CELLS = ['usage', 'peak', 'kills', 'processes', 'refusedAt', 'looks', 'looked', 'killed', 'failed'] as const;

type Cell = (typeof CELLS)[number];

const index = (cell: Cell): number => CELLS.indexOf(cell);

/** What is asked for and waited for: one more look, or a kill of all. */
type RequestKind = 'looked' | 'killed';

/** What stands for "not known yet" in the cells of memory. */
const UNKNOWN = -1n;

/** What the sampler has seen of a group. */
export interface Seen {
  /** How many looks there were. What else is here is of the last of them, or of a later one. */
  looks: number;
  /** At the last look. null before the first one. */
  usageBytes: number | null;
  /** The highest of all looks. */
  peakBytes: number | null;
  /** Processes killed because the group was above its limit. */
  kills: number;
  /** How many the last look found. */
  processes: number;
  /** The limit for whose sake the kernel was to refuse more memory to the last process that has ended so. null: none has. */
  refusedAtBytes: number | null;
}

/**
 * What both threads know of a group. The sampler writes; the other thread reads it at any time, also while its event
 * loop is blocked, and can block until the sampler has carried out what it was asked for.
 */
export class SharedState {
  readonly #cells: BigInt64Array;

  constructor(readonly buffer: SharedArrayBuffer) {
    this.#cells = new BigInt64Array(buffer);
  }

  static create(): SharedState {
    const state = new SharedState(new SharedArrayBuffer(CELLS.length * BigInt64Array.BYTES_PER_ELEMENT));
    state.#set('usage', UNKNOWN);
    state.#set('peak', UNKNOWN);
    state.#set('refusedAt', UNKNOWN);
    return state;
  }

  get seen(): Seen {
    return {
      looks: this.#number('looks'),
      usageBytes: this.#bytes('usage'),
      peakBytes: this.#bytes('peak'),
      kills: this.#number('kills'),
      processes: this.#number('processes'),
      refusedAtBytes: this.#bytes('refusedAt'),
    };
  }

  saw(usageBytes: number, processes: number): void {
    const usage = BigInt(Math.round(usageBytes));
    this.#set('usage', usage);
    if (usage > Atomics.load(this.#cells, index('peak'))) this.#set('peak', usage);
    this.#set('processes', BigInt(processes));
    Atomics.add(this.#cells, index('looks'), 1n);
  }

  addKills(count: number): void {
    Atomics.add(this.#cells, index('kills'), BigInt(count));
  }

  refusedAt(limitBytes: number): void {
    this.#set('refusedAt', BigInt(Math.round(limitBytes)));
  }

  /** The requests of that kind up to this number have been carried out. */
  answer(kind: RequestKind, request: number): void {
    this.#set(kind, BigInt(request));
    Atomics.notify(this.#cells, index(kind));
  }

  /** Nobody looks any more. Wakes all that wait. */
  fail(): void {
    this.#set('failed', 1n);
    Atomics.notify(this.#cells, index('looked'));
    Atomics.notify(this.#cells, index('killed'));
  }

  /** Blocks until that request was carried out. False after that time, or when the sampler has failed. */
  waitFor(kind: RequestKind, request: number, timeoutMs: number): boolean {
    const endMs = performance.now() + timeoutMs;
    for (;;) {
      const sofar = Atomics.load(this.#cells, index(kind));
      if (sofar >= BigInt(request)) return true;
      const leftMs = endMs - performance.now();
      if (this.#number('failed') !== 0 || !(leftMs > 0)) return false;
      // In slices: a failure between the test and the wait notifies nobody.
      Atomics.wait(this.#cells, index(kind), sofar, Math.min(leftMs, 100));
    }
  }

  #set(cell: Cell, value: bigint): void {
    Atomics.store(this.#cells, index(cell), value);
  }

  #number(cell: Cell): number {
    return Number(Atomics.load(this.#cells, index(cell)));
  }

  #bytes(cell: Cell): number | null {
    const value = Atomics.load(this.#cells, index(cell));
    return value === UNKNOWN ? null : Number(value);
  }
}
