import { PolledCage } from '../../cage/polled-cage';
import { SharedKernelCage } from '../../cage/shared-kernel-cage';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { Program } from '../../process/launch-contract';
import { hasPidNamespace } from '../../process/namespaces/namespaces';
import { refuseUnseenPreload } from '../refusals/unseen-preload';
import type { AnySharedCage } from '../request/context';
import type { KernelFirst } from '../request/enforcement';
import type { StartRequest } from '../request/start-request';
import { refuseTooFewPids } from '../request/too-few-pids';
import { type CagedChild, LeafChild } from './caged-child';
import type { HeldChild } from './held-child';
import { PolledChild } from './polled-child';
import { PrivateChild } from './private-child';

/** What is known of the program when its cage is made. */
type KnownProgram = Pick<Program, 'detached'> & Partial<Pick<Program, 'file' | 'args' | 'env' | 'uid'>>;

/** Makes what one child is held by, in its cage, whatever holds that; undefined: it is in no cage, and lives where its parent does. */
export function makeHeldChild(
  request: StartRequest,
  program: KnownProgram,
  kernelFirst: KernelFirst,
): HeldChild | undefined {
  const { shared, outer, thresholds, evidence, limits = { memory: {} } } = request;
  if (shared !== undefined && !(shared instanceof SharedKernelCage)) return PolledChild.inShared(shared, request);
  refuseUnseenPreload(request, program);
  return kernelFirst.make<HeldChild | undefined>(
    () => makeCagedChild(request, program),
    { limits, thresholds, evidence, outlivesOwner: program.detached && outer === undefined },
    (options) => PolledChild.withCage(new PolledCage(options), request),
  );
}

/** A child in a cage of the kernel's; undefined without a cage. */
export function makeCagedChild(request: StartRequest, { detached, file }: KnownProgram): CagedChild | undefined {
  refuseTooFewPids(request, file);
  const { shared, limits, outer, thresholds, evidence, parent, keepDescendants, namespaces, memoryDetails } = request;
  let child: CagedChild | undefined;
  if (shared !== undefined) child = new LeafChild(ofKernel(shared));
  else if (limits !== undefined) {
    child = new PrivateChild({
      limits,
      thresholds,
      evidence,
      parent,
      outer: outer && ofKernel(outer),
      detached,
      keepDescendants,
      hasPidNamespace: hasPidNamespace(namespaces),
    });
  }
  if (memoryDetails) child?.cgroup.reportDetails();
  return child;
}

/** Only a cgroup can be joined by a child that somebody else starts. */
function ofKernel(cage: AnySharedCage): SharedKernelCage {
  if (cage instanceof SharedKernelCage) return cage;
  const { kind, reason } = cage.enforcedBy;
  throw new MemcageError(
    ErrorCode.UNSUPPORTED,
    `The launcher puts a program into a cgroup, and this cage has none. It is held by '${kind}': ${reason}`,
  );
}
