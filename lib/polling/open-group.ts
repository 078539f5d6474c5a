/** Processes whose memory is looked at again and again, and which are killed above a limit. */
export interface PolledGroup {
  /** Belongs to the group from now on, with everything that it starts. */
  add(pid: number): void;
  /** What has been seen so far. May be asked while the event loop is blocked: it is in shared memory. */
  readonly seen: { usageBytes: number | null; peakBytes: number | null; kills: number; processes: number };
  /** Kills all processes of the group, by the sampler; returns at once. Resolves when none was found any more. */
  killAll(): Promise<void>;
  /** The same, blocking (Atomics.wait), for synchronous calls and the end of the process. */
  killAllNow(timeoutMs: number): boolean;
  /** One more look now, blocking, so that a short life is measured; false after timeoutMs. */
  lookNow(timeoutMs: number): boolean;
  /** Stops looking. Kills nothing. */
  close(): void;
}

/** All processes of a group were killed, since together they had more memory than its limit. */
export interface PolledKill {
  count: number;
  usageBytes: number;
  limitBytes: number;
  victims: { pid: number; name: string }[];
  timeMs: number;
}

export function openGroup(options: {
  /** Above it the whole group is killed. Infinity: only measured. */
  limitBytes: number;
  /** `NAME=value` in the environment of every process of the group, which finds those whose parent has ended. */
  marker: string;
  onKill(kill: PolledKill): void;
  /** The sampler has failed: all that is known of the group was killed, and nothing looks at it any more. */
  onFailed?(error: Error): void;
}): PolledGroup {
  throw new Error(`no sampler yet for ${options.marker}`);
}
