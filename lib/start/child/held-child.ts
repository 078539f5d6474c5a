import type { EnforcedBy } from '../../../types/outcome';
import type { CageCgroup } from '../../cage/cgroup/cage-cgroup';
import type { Cage } from '../../cage/contract/cage';
import type { Cgroup } from '../../cgroup/handle/cgroup';
import type { KernelReport } from './kernel-report';

/**
 * One child's life in a cage, whatever holds the cage's limits: `CagedChild` (the kernel) or `PolledChild`. The methods
 * are the events of that life, in this order; each is called at most once.
 */
export interface HeldChild {
  /** The cage that it lives in, as users have it. */
  readonly publicCage: Cage<Cgroup | null>;
  readonly enforcedBy: EnforcedBy;
  /** The cgroup that it lives in; undefined: that of its parent process. */
  readonly cgroup: CageCgroup | undefined;
  /** The lowest limit of its cage and of those around, in bytes; `Infinity` if there is none. */
  readonly ceilingBytes: number;
  /** Whether its processes can read that limit somewhere, as V8 does. */
  readonly seesLimit: boolean;
  /** Whether the child ends with this thread even if it is detached: nothing outlives the thread that could end its cage. */
  readonly diesWithOwner: boolean;
  /** memcage killed its processes, or the caller did so through memcage. */
  readonly wasKilled: boolean;

  /** The child's environment, as `NAME=value`, with what memcage needs to find its processes. */
  environment(env: string[]): string[];

  /**
   * The child has reached its program. From now on its limits hold.
   *
   * @param pid undefined: the child is about to be started, and only its {@link environment} leads to it
   * @param kill sends it SIGKILL, and needs no fd for that; not called once it was reaped
   */
  started(pid: number | undefined, kill: () => void): void;

  /** The start failed, or the child was killed and reaped. Gives back what was taken for it, now or later. Never throws. */
  abandon(): KernelReport;

  /**
   * The child has ended and was reaped. Calls `done` at once, or once what it left running is killed.
   *
   * @param texts what the watcher read before it removed the cgroup; undefined: the watcher did not remove one
   */
  ended(
    signal: NodeJS.Signals | null,
    texts: readonly string[] | undefined,
    done: (report: KernelReport) => void,
  ): void;

  /** {@link ended} for a synchronous caller: blocks until what the child left running is killed. */
  endedNow(signal: NodeJS.Signals | null): KernelReport;

  /** Sends SIGKILL to everything in the child's part of the cage. May throw. */
  killAll(): void;
}
