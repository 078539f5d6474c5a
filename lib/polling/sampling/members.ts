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
export class Members {
  /** Starts by pid. NaN until a look has found the process. */
  readonly #starts = new Map<number, number>();
  readonly #options: MembersOptions;

  constructor(options: MembersOptions) {
    this.#options = options;
  }

  get pids(): number[] {
    return [...this.#starts.keys()];
  }

  /** @param start NaN if it is not known: whoever has the pid at the next look is meant */
  add(pid: number, start: number): void {
    if (pid !== this.#options.self) this.#starts.set(pid, start);
  }

  /** Takes in the fresh processes of a look that belong here. Needs every look, since none of them is fresh twice. */
  judge(look: Look): void {
    let rest = look.fresh.filter(({ pid, ended, start }) => {
      const known = this.#starts.get(pid);
      if (known !== undefined && this.#isSame(start, known)) return false;
      // Another process has the pid, and must not pass for the parent of its children.
      this.#starts.delete(pid);
      return !ended && pid !== this.#options.self;
    });
    rest = this.#adoptChildren(rest);
    const marked = rest.filter((process) => !this.#isTooOld(process) && look.carries(process, this.#options.marker));
    for (const { pid, start } of marked) this.#starts.set(pid, start);
    if (marked.length > 0) this.#adoptChildren(rest);
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
