import type { StdioOptions } from 'node:child_process';
import type { Enforce } from '../../../types/options';
import type { AnyProcess, CagedProcess, CagedSpawnOptions, CgroupFor, SpawnOptions } from '../../cage/contract/cage';
import type { Cgroup } from '../../cgroup/handle/cgroup';
import { strict } from '../../common/options/accepted-options';
import { likeNodes } from '../../process/node-functions';
import { callNode } from '../launch/start-call';

/** The type of {@link spawn}. */
export interface Spawn {
  /** Start a program in a cage. */
  <const S extends StdioOptions = 'pipe', const E extends Enforce = 'kernel', G extends Cgroup | null = CgroupFor<E>>(
    file: string,
    options: CagedSpawnOptions<S, E, G>,
  ): CagedProcess<S, G>;
  /** Start a program in a cage. */
  <const S extends StdioOptions = 'pipe', const E extends Enforce = 'kernel', G extends Cgroup | null = CgroupFor<E>>(
    file: string,
    args: readonly string[] | undefined,
    options: CagedSpawnOptions<S, E, G>,
  ): CagedProcess<S, G>;
  /** Start a program: in a cage only within {@link SharedCage.contain}. */
  <const S extends StdioOptions = 'pipe'>(file: string, options: SpawnOptions<S>): AnyProcess<S>;
  /** Start a program: in a cage only within {@link SharedCage.contain}. */
  <const S extends StdioOptions = 'pipe'>(
    file: string,
    args?: readonly string[],
    options?: SpawnOptions<S>,
  ): AnyProcess<S>;
}

/**
 * Like Node's `child_process.spawn`, which runs it: the signature, options, events, streams and errors are Node's.
 * The child is in its cage, with its limits set, and in its namespaces, before the first instruction of its program.
 *
 * ```js run
 * import { spawn } from 'memcage';
 *
 * const child = spawn('node', ['-e', 'Buffer.alloc(2 ** 31, 1)'], { memory: '100M' });
 * const { oom } = await child.outcome;
 * console.log(oom?.cause, oom?.limitBytes);
 * ```
 *
 * ```text output
 * limit 104857600
 * ```
 *
 * The main differences from Node: the child is killed when its parent dies, unless it is `detached`. `killSignal`
 * defaults to SIGKILL in a PID namespace without an init, whose first process ignores SIGTERM unless it handles it. A Node child in a
 * cage gets a heap limit through NODE_OPTIONS (`nodeHeap`).
 *
 * @throws a MemcageError when the kernel refuses the cage or the namespaces; nothing is left behind then.
 * What Node reports by an 'error' event (ENOENT, EACCES ...) arrives as one.
 *
 * @function
 */
export const spawn = likeNodes('spawn', (...args: unknown[]) => callNode('spawn', args, CALLED)) as Spawn;

const CALLED = strict('spawn', 'spawn');
