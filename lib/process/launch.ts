import type { Attended } from '../../types/native';

/**
 * What {@link ProcessHandle} asks of the layer below it: start one child from a finished plan, tell when it has ended.
 * Nothing of Node's `child_process` is left in it, and nothing of cgroups or namespaces is in it yet.
 */

/** A child as Node's options describe it, with every default already applied. */
export interface LaunchPlan {
  file: string;
  /** argv, `argv[0]` included. */
  args: string[];
  /** The environment as `KEY=value`. */
  env: string[];
  /** The parent's when left out. */
  cwd?: string;
  /** `stdio[n]` is the parent's fd that becomes fd n of the child; -1 is "ignore". Still open after the launch. */
  stdio: number[];
  detached: boolean;
  uid?: number;
  gid?: number;
}

/** A running child. */
export interface Launched {
  pid: number;
  /** 0 or a negative errno; -ESRCH once the child has been reaped. */
  kill(signal: number): number;
}

/**
 * The end of a child, after it was reaped. `errno` is 0, or a negative errno when its status could not be had (another
 * reaper took it); then both of the others are null.
 */
export type OnEnd = (exitCode: number | null, signal: NodeJS.Signals | null, errno: number) => void;

/**
 * Start a child. A refusal that Node's callers know (ENOENT, EACCES, ...) is returned as a negative errno, after which no
 * child is left; anything else (the kernel refused the cage) is thrown. `onEnd` is called once, never before `Launch` has
 * returned, and not at all after a refusal.
 */
export type Launch = (plan: LaunchPlan, onEnd: OnEnd) => Launched | { errno: number };

/** A child that has been waited for; `exitCode`, `signal` and `errno` as for {@link OnEnd}. */
export interface Ended {
  pid: number;
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  errno: number;
}

/**
 * Start a child and return when it has ended. `waitWithPipes` is called once it runs, and returns after it was reaped. Refusals as
 * for {@link Launch}.
 */
export type SyncLaunch = (plan: LaunchPlan, waitWithPipes: (pidfd: number) => Attended) => Ended | { errno: number };
