/** A process as a look found it. */
export interface Process {
  readonly pid: number;
  /** Together with the pid it names one process for ever. The unit is the table's; NaN if it is not known. */
  readonly start: number;
  readonly ppid: number;
  readonly name: string;
  /** The process is a zombie, and has no memory any more. */
  readonly ended: boolean;
  /** Resident memory, with all that is shared. */
  readonly rssBytes: number;
}

/** What a process has at one moment. */
export interface Footprint {
  /** Memory that it may write to and has for itself, whether it has used it or not. */
  reservedBytes: number;
  /** What of that is resident. */
  usedBytes: number;
}

/** All processes at one moment. */
export interface Look {
  /** Processes that no earlier look has had, in any order. There may be some among them that were there before. */
  readonly fresh: readonly Process[];
  /** undefined if there is none any more. */
  find(pid: number): Process | undefined;
  /** Whether the process was started with `NAME=value` in its environment; false where nobody can tell. */
  carries(process: Process, marker: string): boolean;
  /** undefined if it is gone, or nobody can tell. */
  footprint(process: Process): Footprint | undefined;
  /** Memory of all of these together, in which what they share counts once, as far as that can be known. */
  measure(processes: readonly Process[]): number;
}

/** Where processes are looked up. */
export interface ProcessTable {
  /** How much the start of one process may differ from look to look. */
  readonly startTolerance: number;
  /**
   * @param all `fresh` has every process
   * @param roots what the caller knows; a table may leave out what is not below these
   */
  look(all: boolean, roots: readonly number[]): Look | Promise<Look>;
  /** Processes that have started since then are fresh once more. */
  rejudge(since: number): void;
  /** Names of processes, where a look does not have them. */
  names(processes: readonly Process[]): Promise<Process[]> | readonly Process[];
}
