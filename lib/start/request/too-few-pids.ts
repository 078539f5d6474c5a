import { SharedKernelCage } from '../../cage/shared-kernel-cage';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, mention, words } from '../../common/errors/words';
import { hasInit } from '../../process/namespaces/namespaces';
import { isNode } from '../../process/node-heap';
import type { StartRequest } from './start-request';

/**
 * What Node starts before it runs a program: its main thread and those of V8. With fewer all Nodes from 20 to 26 wait for ever for
 * a thread that could not start. They have some 11 once the program runs, and abort if the five that read files can't start.
 */
const OF_NODE = 6;

/**
 * Refuses a limit of processes in which the program could not even begin.
 *
 * @throws ERR_MEMCAGE_LIMIT_TOO_SMALL
 */
export function refuseTooFewPids(request: StartRequest, file?: string): void {
  const { namespaces, root } = request;
  const most = mostPids(request);
  const isOfNode = file !== undefined && isNode(file);
  const init = hasInit(namespaces) ? 1 : 0;
  const least = (isOfNode ? OF_NODE : 1) + init;
  if (most >= least) return;
  const parts = [
    ...(isOfNode ? [`Node needs ${OF_NODE} threads to run a program`] : []),
    ...(init === 0
      ? []
      : [`the init of its PID namespace is a process${root === undefined ? '' : ' (root implies one)'}`]),
  ];
  throw new MemcageError(
    ErrorCode.LIMIT_TOO_SMALL,
    words`The limit of processes (${mention('pids')}), ${String(most)}, is too small for a program to be started in it: ${parts.join(', and ')}${CURE}${mention('pids', 'pids:')} ${String(least)}, or more for what the program starts`,
  );
}

/** The lowest limit of its own, of its cage and of each child of that. */
function mostPids({ shared, outer, limits }: StartRequest): number {
  const cage = shared ?? outer;
  const around = cage instanceof SharedKernelCage ? [cage.cageCgroup.homes.counted.pids?.max, cage.perChild?.pids] : [];
  return Math.min(...[limits?.pids, ...around].map((max) => max ?? Number.POSITIVE_INFINITY));
}
