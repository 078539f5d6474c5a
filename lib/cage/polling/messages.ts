/** A process that was killed. */
export interface PolledVictim {
  pid: number;
  name: string;
  /** All groups that it belongs to. */
  groups: number[];
}

/**
 * All processes of a group were killed, since together they had more memory than its limit. There is another one, with
 * the same figures, for those of its processes that were found while it was being killed.
 */
export interface PolledKill {
  /** How many processes were found and killed. */
  count: number;
  /** What all processes used together when the kill was decided. */
  usageBytes: number;
  limitBytes: number;
  victims: PolledVictim[];
  /** When they were killed, in milliseconds since the epoch. */
  timeMs: number;
}

/** What the sampler is told at its start. */
export interface SamplerData {
  /** Path of the addon, for pidfds; null where there is none. */
  addon: string | null;
  /** `process.platform`; tests pretend another one. */
  platform: NodeJS.Platform;
  pageBytes: number;
}

/** What the sampler is asked for. */
export type SamplerRequest =
  | {
      kind: 'open';
      group: number;
      limitBytes: number;
      marker: string;
      /** When the group was opened, on the clock of a process's start; older processes need no search for the marker. */
      openedAt: number;
      state: SharedArrayBuffer;
    }
  | {
      kind: 'add';
      group: number;
      pid: number;
      /** What tells it from a later process with the same pid; null if that is not known. */
      start: number | null;
    }
  | { kind: 'look'; group: number; request: number }
  | { kind: 'expect'; group: number; isExpected: boolean }
  | { kind: 'kill'; group: number; request: number }
  | { kind: 'close'; group: number };

/** What the sampler reports of a group. */
export type SamplerReport = { kind: 'over'; kill: PolledKill } | { kind: 'killed'; request: number };
