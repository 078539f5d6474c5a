import type { Enforce } from '../../../types/options';
import { PrivatePolledCage } from '../../cage/polled/private-polled-cage';
import { SharedCage } from '../../cage/shared-cage';
import type { HeldChild } from '../child/held-child';
import { PolledChild } from '../child/polled-child';
import type { StartRequest } from '../launch/start-child';
import { acceptedIn, type CageChoice, makeCagedChild } from './cage-choice';
import type { ResolvedCageOptions } from './cage-options';
import { asAround, KernelFirst, makeWeaker, type Refusal } from './enforcement';

type Homes = Pick<StartRequest, 'makeCaged' | 'onRefused'>;

/** Makes the home of one child in its cage, whatever holds that. */
export function homesFor(choice: CageChoice, own: ResolvedCageOptions): Homes {
  const { shared, limits, within } = choice;
  if (shared !== undefined && !(shared instanceof SharedCage))
    return { makeCaged: () => PolledChild.within(shared, own) };
  const accepted = limits === undefined ? 'kernel' : acceptedIn(within, own.enforce);
  if (within !== undefined && !(within instanceof SharedCage)) {
    return { makeCaged: (plan) => makePolled({ ...choice, accepted }, own, plan, asAround(within.enforcedBy)) };
  }
  const makeByKernel: Homes['makeCaged'] = (plan) => makeCagedChild(choice, own, plan);
  // Only the kernel can honour a parent.
  const isKernels = accepted === 'kernel' || within !== undefined || own.parent !== undefined;
  if (isKernels) return { makeCaged: makeByKernel };
  const first = new KernelFirst();
  return {
    makeCaged: (plan) =>
      first.make(
        () => makeByKernel(plan),
        (refusal) => makePolled({ ...choice, accepted }, own, plan, refusal),
      ),
    onRefused: (error) => first.refused(error),
  };
}

/** A child in a private cage without a cgroup. */
function makePolled(
  { limits = { memory: {} }, within, accepted }: CageChoice & { accepted: Enforce },
  { thresholds, keepDescendants, memoryDetails }: ResolvedCageOptions,
  { detached }: { detached: boolean },
  refusal: Refusal,
): HeldChild {
  const outer = within instanceof SharedCage ? undefined : within;
  outer?.assertOpen();
  const outlivesOwner = detached && outer === undefined;
  const limitBytes = limits.memory.max ?? Number.POSITIVE_INFINITY;
  const cage = makeWeaker(
    { limits, thresholds, outlivesOwner, accepted },
    refusal,
    (enforcedBy) => new PrivatePolledCage({ enforcedBy, limitBytes, outer, outlivesOwner }),
  );
  return PolledChild.withCage(cage, { keepDescendants, memoryDetails });
}
