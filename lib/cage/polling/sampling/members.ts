import type { Look, Process } from './process';

interface MembersOptions {
  /** `NAME=value`. */
  marker: string;
  /** No process that is older has it. */
  openedAt: number;
  /** How much the start of one process may differ. */
  startTolerance: number;
  /** Never a member, whatever it has in its environment. */
  self: number;
}

/** Which processes belong to a group. Once a member, a process is one until it ends, whoever becomes its parent. */
export class GroupMembers {
  /** Starts by pid. NaN until a look has found the process. */
  readonly #starts = new Map<number, number>();
  /** What was added since {@link spareNew}, and what that has started. */
  readonly #spared = new Set<number>();
  #sparesFrom: number | undefined;
  readonly #options: MembersOptions;
  /** While a child of this process is expected: its children that are others, once a look has found them. */
  #strangers: ReadonlySet<number> | 'unknown' | undefined;

  constructor(options: MembersOptions) {
    this.#options = options;
  }

  /** What a look must be able to find, with all below. */
  get roots(): number[] {
    return [...(this.#strangers === undefined ? [] : [this.#options.self]), ...this.#starts.keys()];
  }

  /** Whether each new child of this process that the next look does not find yet is a member. */
  expectChild(isExpected: boolean): void {
    this.#strangers = isExpected ? 'unknown' : undefined;
  }

  /** @param start NaN if it is not known: whoever has the pid at the next look is meant */
  add(pid: number, start: number): void {
    if (pid === this.#options.self) return;
    this.#starts.set(pid, start);
    if (this.#sparesFrom !== undefined) this.#spared.add(pid);
  }

  /**
   * What is added from now on has no part in what the others are killed for, nor has what it starts: that may be found
   * by its marker alone.
   *
   * @param now on the clock of a process's start
   */
  spareNew(now: number): void {
    this.#sparesFrom ??= now;
  }

  spareNone(): void {
    this.#sparesFrom = undefined;
    this.#spared.clear();
  }

  has({ pid, start }: Process): boolean {
    const known = this.#starts.get(pid);
    return known !== undefined && this.#isSame(start, known);
  }

  isSpared(pid: number): boolean {
    return this.#spared.has(pid);
  }

  /** Takes in the fresh processes of a look that belong here. Needs every look, since none of them is fresh twice. */
  judge(look: Look): void {
    let rest = look.fresh.filter(({ pid, ended, start }) => {
      const known = this.#starts.get(pid);
      if (known !== undefined && this.#isSame(start, known)) return false;
      // Another process has the pid, and must not pass for the parent of its children.
      this.#starts.delete(pid);
      this.#spared.delete(pid);
      return !ended && pid !== this.#options.self;
    });
    this.#takeExpected(rest);
    rest = this.#adoptChildren(rest);
    const marked = rest.filter((process) => !this.#isTooOld(process) && look.carries(process, this.#options.marker));
    for (const { pid, start } of marked) {
      this.#starts.set(pid, start);
      if (start >= (this.#sparesFrom ?? Number.POSITIVE_INFINITY)) this.#spared.add(pid);
    }
    if (marked.length > 0) this.#adoptChildren(rest);
  }

  /** Takes in the children of this process that are new. */
  #takeExpected(processes: readonly Process[]): void {
    const strangers = this.#strangers;
    if (strangers === undefined) return;
    const own = processes.filter(({ ppid }) => ppid === this.#options.self);
    if (strangers !== 'unknown') {
      for (const { pid, start } of own) if (!strangers.has(pid)) this.#starts.set(pid, start);
    }
    // Without those that are gone, whose pids others may get.
    const others = own.filter(({ pid }) => !this.#starts.has(pid));
    this.#strangers = new Set(others.map(({ pid }) => pid));
  }

  /** The members that a look finds alive. The others are members no longer. */
  living(look: Look): Process[] {
    const living: Process[] = [];
    for (const [pid, start] of this.#starts) {
      const process = look.find(pid);
      if (process !== undefined && !process.ended && this.#isSame(process.start, start)) {
        this.#starts.set(pid, process.start);
        living.push(process);
      } else {
        this.#starts.delete(pid);
      }
    }
    return living;
  }

  /** @returns those without a parent here */
  #adoptChildren(processes: readonly Process[]): Process[] {
    let rest = [...processes];
    // A child can come before its parent in the list.
    for (let before = -1; before !== rest.length; ) {
      before = rest.length;
      rest = rest.filter(({ pid, ppid, start }) => {
        const parent = this.#starts.get(ppid);
        // One that is younger than its child has got the pid of the true parent.
        if (parent === undefined || start + this.#options.startTolerance < parent) return true;
        this.#starts.set(pid, start);
        if (this.#spared.has(ppid)) this.#spared.add(pid);
        return false;
      });
    }
    return rest;
  }

  #isTooOld({ start }: Process): boolean {
    return start + this.#options.startTolerance < this.#options.openedAt;
  }

  #isSame(one: number, other: number): boolean {
    return Number.isNaN(one) || Number.isNaN(other) || Math.abs(one - other) <= this.#options.startTolerance;
  }
}
