import type { Enforce } from '../../../types/options';
import type { AnyChild, CagedChild, CagedForkOptions, CgroupFor, ForkOptions } from '../../cage/contract/cage';
import type { Cgroup } from '../../cgroup/handle/cgroup';
import { strict } from '../../common/options/accepted-options';
import { likeNodes } from '../../process/node-functions';
import { callNode } from '../launch/start-call';

/** The type of {@link fork}. */
export interface Fork {
  /** Start a Node module in a cage. */
  <const E extends Enforce = 'kernel', G extends Cgroup | null = CgroupFor<E>>(
    modulePath: string | URL,
    options: CagedForkOptions<E, G>,
  ): CagedChild<G>;
  /** Start a Node module in a cage. */
  <const E extends Enforce = 'kernel', G extends Cgroup | null = CgroupFor<E>>(
    modulePath: string | URL,
    args: readonly string[] | undefined,
    options: CagedForkOptions<E, G>,
  ): CagedChild<G>;
  /** Start a Node module: in a cage only within {@link SharedCage.contain}. */
  (modulePath: string | URL, options: ForkOptions | undefined): AnyChild;
  /** Start a Node module: in a cage only within {@link SharedCage.contain}. */
  (modulePath: string | URL, args?: readonly string[], options?: ForkOptions): AnyChild;
}

/**
 * Like Node's `child_process.fork`, which runs it: a Node process with an IPC channel. See {@link spawn} for the
 * cage, the errors and the differences from Node.
 *
 * ```js run
 * import { writeFileSync } from 'node:fs';
 * import { fork } from 'memcage';
 *
 * writeFileSync('double.cjs', "process.on('message', (n) => process.send(2 * n, () => process.disconnect()))");
 * const child = fork('./double.cjs', [], { memory: '100M' });
 * child.on('message', (answer) => console.log(answer)).send(21);
 * await child.outcome;
 * ```
 *
 * ```text output
 * 42
 * ```
 *
 * @function
 */
export const fork = likeNodes('fork', (...args: unknown[]) => callNode('fork', args, CALLED)) as Fork;

const CALLED = strict('fork', 'fork');
