/** The looks at one job that are kept at most. */
const MOST_LOOKS = 128;
/** From one state that is learned from to the next, by age. */
const NEXT_STATE = 1.3;
/** A job that has not got more than that much larger since it was half its age has come to rest. */
const REST = 1.05;

/** What is known of a job at one moment. Jobs in like states are expected to go on alike. */
export interface JobState {
  ageMs: number;
  usedBytes: number;
  /** Whether it has grown since it was half its age. */
  isGrowing: boolean;
}

/** What one job has used since it started. */
export class UseTrack {
  readonly #ages: number[] = [];
  /** The most since the look before. */
  readonly #uses: number[] = [];
  readonly #states: JobState[] = [];
  #mostBytes = 0;
  #last: JobState | undefined;
  #grownBytes = 0;

  /** The last look; undefined before the first. */
  get state(): JobState | undefined {
    return this.#last;
  }

  /** What it has grown by since it was half its age, in bytes. */
  get grownBytes(): number {
    return this.#grownBytes;
  }

  /** States it was in, at ages that grow further apart. */
  get states(): readonly JobState[] {
    return this.#states;
  }

  looked(ageMs: number, usedBytes: number): void {
    if (ageMs <= (this.#last?.ageMs ?? 0)) return;
    this.#ages.push(ageMs);
    this.#uses.push(usedBytes);
    this.#mostBytes = Math.max(this.#mostBytes, usedBytes);
    const halfBytes = this.#mostUntil(ageMs / 2);
    this.#grownBytes = this.#mostBytes - halfBytes;
    this.#last = { ageMs, usedBytes, isGrowing: this.#mostBytes > halfBytes * REST };
    if (ageMs >= (this.#states.at(-1)?.ageMs ?? 0) * NEXT_STATE) this.#states.push(this.#last);
    if (this.#ages.length > MOST_LOOKS) this.#thin();
  }

  /**
   * The most it has used in windows of time that follow each other, the first of them from `fromMs` on.
   *
   * @param endsMs the ends of the windows, from `fromMs` on. Where it had ended it used nothing.
   */
  mostIn(fromMs: number, endsMs: readonly number[]): number[] {
    const [ages, uses] = [this.#ages, this.#uses];
    let next = ages.findIndex((age) => age > fromMs);
    if (next === -1) next = ages.length;
    return endsMs.map((endMs) => {
      // What it used at the start of the window, unless it had ended: no look is later.
      let most = next < ages.length ? (uses[next - 1] ?? 0) : 0;
      for (; next < ages.length && (ages[next] ?? 0) <= fromMs + endMs; next += 1) {
        most = Math.max(most, uses[next] ?? 0);
      }
      return most;
    });
  }

  #mostUntil(ageMs: number): number {
    let most = 0;
    for (const [index, age] of this.#ages.entries()) {
      if (age > ageMs) break;
      const use = this.#uses[index] ?? 0;
      if (use > most) most = use;
    }
    return most;
  }

  /** Makes one look of two. */
  #thin(): void {
    const [ages, uses] = [this.#ages, this.#uses];
    const kept = ages.length >> 1;
    for (let index = 0; index < kept; index += 1) {
      const second = 2 * index + 1;
      ages[index] = ages[second] ?? 0;
      uses[index] = Math.max(uses[second - 1] ?? 0, uses[second] ?? 0);
    }
    if (ages.length % 2 === 1) {
      ages[kept] = ages.at(-1) ?? 0;
      uses[kept] = uses.at(-1) ?? 0;
      ages.length = kept + 1;
      uses.length = kept + 1;
      return;
    }
    ages.length = kept;
    uses.length = kept;
  }
}
