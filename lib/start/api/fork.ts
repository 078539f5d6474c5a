import type { Fork } from '../../cage/contract/cage';
import { strict } from '../../common/options/accepted-options';
import { likeNodes } from '../../process/node-functions';
import { callNode } from '../launch/start-call';

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
