import type { ChildProcess } from 'node:child_process';
import type { CagedBy, ForkOptions } from '../contract/cage';
import { strict } from '../options/called';
import type { Exactly } from '../options/exactly';
import { likeNodes } from '../process/node-functions';
import { callNode } from './start';

/**
 * Like Node's `child_process.fork`, which runs it: a Node process with an IPC channel. See {@link spawn} for the
 * cage, the errors and the differences from Node.
 */
export function fork(modulePath: string | URL): ChildProcess & CagedBy<object>;
export function fork<const O extends ForkOptions = object>(
  modulePath: string | URL,
  options: (O & Exactly<O, ForkOptions>) | undefined,
): ChildProcess & CagedBy<O>;
export function fork<const O extends ForkOptions = object>(
  modulePath: string | URL,
  args: readonly string[] | undefined,
  options?: O & Exactly<O, ForkOptions>,
): ChildProcess & CagedBy<O>;
export function fork(...args: unknown[]): unknown {
  return callNode('fork', args, CALLED);
}
likeNodes('fork', fork);

const CALLED = strict('fork', 'fork');
