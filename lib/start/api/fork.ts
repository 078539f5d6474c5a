import type { Fork } from '../../cage/contract/cage';
import { strict } from '../../common/options/accepted-options';
import { likeNodes } from '../../process/node-functions';
import { callNode } from '../launch/start-call';

/**
 * Like Node's `child_process.fork`, which runs it: a Node process with an IPC channel. See {@link spawn} for the
 * cage, the errors and the differences from Node.
 *
 * @function
 */
export const fork = likeNodes('fork', (...args: unknown[]) => callNode('fork', args, CALLED)) as Fork;

const CALLED = strict('fork', 'fork');
