const PHASE = 0;
const STAYS_FROZEN = 1;
const LENT_KILLS = 2;
const PLACES = 4;
const WATCHING = 0;
const TAKING = 1;

/** What the keeper and the thread of a cage know of it, without a message: one of them may be blocked. */
export class SharedCageState {
  readonly #places: Int32Array;
  /** memory.high: what the caller has set, and what the keeper has. `NaN`: nothing. */
  readonly #highs: Float64Array;

  constructor(readonly buffer = new SharedArrayBuffer(8 * PLACES + 16)) {
    this.#places = new Int32Array(buffer, 16, PLACES);
    this.#highs = new Float64Array(buffer, 0, 2);
  }

  /** The keeper stops the cage, reads or writes: there will be a report. */
  get isTaking(): boolean {
    return Atomics.load(this.#places, PHASE) === TAKING;
  }

  set isTaking(isTaking: boolean) {
    Atomics.store(this.#places, PHASE, isTaking ? TAKING : WATCHING);
    Atomics.notify(this.#places, PHASE);
  }

  /** Blocks. False after timeoutMs. */
  waitUntilTaken(timeoutMs: number): boolean {
    return Atomics.wait(this.#places, PHASE, TAKING, timeoutMs) !== 'timed-out';
  }

  /** Somebody of this process has frozen the cage: it stays so. */
  get staysFrozen(): boolean {
    return Atomics.load(this.#places, STAYS_FROZEN) === 1;
  }

  set staysFrozen(staysFrozen: boolean) {
    Atomics.store(this.#places, STAYS_FROZEN, staysFrozen ? 1 : 0);
  }

  /** How often the kernel had killed for the limit of memory that was lent, when that was removed. */
  get lentKills(): number {
    return Atomics.load(this.#places, LENT_KILLS);
  }

  set lentKills(count: number) {
    Atomics.store(this.#places, LENT_KILLS, count);
  }

  /** What memory.high is to be without the keeper. */
  get callersHigh(): number {
    return this.#highs[0] ?? Number.POSITIVE_INFINITY;
  }

  set callersHigh(bytes: number) {
    this.#highs[0] = bytes;
  }
}
