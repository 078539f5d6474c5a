import type { Enforce } from '../../../types/options';
import { PolledCage } from '../../cage/polled-cage';
import { SharedCage } from '../../cage/shared-cage';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { Program } from '../../process/launch-contract';
import { hasPidNamespace } from '../../process/namespaces/namespaces';
import type { AnySharedCage } from '../request/context';
import { asAround, type KernelFirst, makeWeaker, type Refusal } from '../request/enforcement';
import type { StartRequest } from '../request/start-request';
import { refuseTooFewPids } from '../request/too-few-pids';
import type { CagedChild } from './caged-child';
import { LeafChild } from './caged-child';
import type { HeldChild } from './held-child';
import { PolledChild } from './polled-child';
import { PrivateChild } from './private-child';

/** What is known of the program when its cage is made. */
type KnownProgram = Pick<Program, 'detached'> & { file?: string };

/** What may hold a child's cage. */
export interface Holders {
  /** The weakest that the caller accepts. */
  accepted: Enforce;
  kernelFirst: KernelFirst;
}

/** Makes what one child is held by, in its cage, whatever holds that; undefined: it is in no cage, and lives where its parent does. */
export function makeHeldChild(request: StartRequest, program: KnownProgram, holders: Holders): HeldChild | undefined {
  const { shared, outer } = request;
  if (shared !== undefined && !(shared instanceof SharedCage)) return PolledChild.inShared(shared, request);
  const makePolled = (refusal: Refusal): HeldChild => makePolledChild(request, program, holders.accepted, refusal);
  if (outer !== undefined && !(outer instanceof SharedCage)) return makePolled(asAround(outer.enforcedBy));
  return holders.kernelFirst.make<HeldChild | undefined>(() => makeCagedChild(request, program), makePolled);
}

/** A child in a cage of the kernel's; undefined without a cage. */
export function makeCagedChild(request: StartRequest, { detached, file }: KnownProgram): CagedChild | undefined {
  refuseTooFewPids(request, file);
  const { shared, limits, outer, thresholds, parent, keepDescendants, namespaces, memoryDetails } = request;
  let child: CagedChild | undefined;
  if (shared !== undefined) child = new LeafChild(ofKernel(shared));
  else if (limits !== undefined) {
    child = new PrivateChild({
      limits,
      thresholds,
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
function ofKernel(cage: AnySharedCage): SharedCage {
  if (cage instanceof SharedCage) return cage;
  const { kind, reason } = cage.enforcedBy;
  throw new MemcageError(
    ErrorCode.UNSUPPORTED,
    `The launcher puts a program into a cgroup, and this cage has none. It is held by '${kind}': ${reason}`,
  );
}

/** A child in a private cage without a cgroup. */
function makePolledChild(
  request: StartRequest,
  { detached }: KnownProgram,
  accepted: Enforce,
  refusal: Refusal,
): HeldChild {
  const { limits = { memory: {} }, outer: around, thresholds } = request;
  const outer = around instanceof SharedCage ? undefined : around;
  outer?.assertOpen();
  const outlivesOwner = detached && outer === undefined;
  const limitBytes = limits.memory.max ?? Number.POSITIVE_INFINITY;
  const cage = makeWeaker(
    { limits, thresholds, outlivesOwner, accepted },
    refusal,
    (enforcedBy) => new PolledCage({ enforcedBy, limitBytes, outer, outlivesOwner }),
  );
  return PolledChild.withCage(cage, request);
}
