import type { Spawn } from '../../cage/contract/cage';
import { strict } from '../../common/options/accepted-options';
import { likeNodes } from '../../process/node-functions';
import { callNode } from '../launch/start-call';

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
