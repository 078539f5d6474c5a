import type { ContainOptions } from '../../cage/contract/cage';
import { invalidArgument } from '../../common/errors/argument-errors';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import { runtimeName } from '../../common/machine/versions';
import { checkOptions } from '../../common/options/option-names';
import { interceptThreads } from '../../process/intercept-threads';
import { allowsThreads, type Threads } from '../request/context';

/** @throws TypeError if an option is not one of `contain()` */
export function checkThreads(options: ContainOptions): Threads {
  const { threads = 'refuse' } = checkOptions(options, { of: 'contain', known: ['threads'] });
  if (threads === 'refuse' || threads === 'allow') return threads;
  throw invalidArgument('threads', "'refuse' or 'allow'", threads);
}

/**
 * From now on a worker thread starts in a context only if `contain()` was told so.
 *
 * @throws ERR_MEMCAGE_UNSUPPORTED_NODE if nothing could keep one from it
 */
export function guardThreads(): void {
  if (!interceptThreads(assertThreadAllowed)) refuseUnguarded();
}

const NOT_STARTED =
  'A worker thread was to start within contain(). It was not started: its memory is that of this process, and the kernel limits only whole ' +
  'processes, so it would be outside of the cage, with the children that it starts';
const OTHER_WAYS =
  "use child processes (tinypool: runtime: 'child_process', workerpool: workerType: 'process', jest-worker: enableWorkerThreads: false), " +
  "start the thread before contain(), or accept that it is outside: contain(fn, { threads: 'allow' })";
const UNGUARDED =
  'memcage could not keep worker threads from starting within contain(), outside of the cage: another package has replaced the class Worker ' +
  "of node:worker_threads, or this Node's is another one. fn was not called";

/** A cage holds processes. The memory of a thread is that of this process, which is in no cage of its own. */
function assertThreadAllowed(): void {
  if (allowsThreads()) return;
  throw new MemcageError(ErrorCode.UNSUPPORTED, words`${NOT_STARTED}${CURE}${OTHER_WAYS}`);
}

function refuseUnguarded(): never {
  throw new MemcageError(
    ErrorCode.UNSUPPORTED_NODE,
    words`${UNGUARDED} (${runtimeName()})${CURE}if no thread starts in it, or may be outside, contain(fn, { threads: 'allow' })`,
  );
}
