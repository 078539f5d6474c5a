import type { Enforce } from '../../types/options';
import type { EnforcedBy } from '../../types/outcome';
import type { ResolvedLimits } from '../cgroup/limits/resolve-limits';
import { ErrorCode, MemcageError } from '../errors/errors';
import { type UnheldLimit, unheldLimits } from './unheld-limits';
import { whyNoCage } from './why-no-cage';

/**
 * Codes of errors that say: no cage can be made here, whatever is asked of it. Not ERR_MEMCAGE_UNSUPPORTED, which may
 * be about a single limit.
 */
const NO_CAGES: ReadonlySet<ErrorCode> = new Set([ErrorCode.NO_PARENT, ErrorCode.NO_PERMISSION, ErrorCode.NOT_VISIBLE]);

/** What a caller asks of a cage that the kernel can't make. */
export interface Asked {
  limits: ResolvedLimits;
  parent: string | undefined;
  /** The child is to outlive its parent process, in a private cage that no cage around ends. */
  outlivesOwner: boolean;
  /** The weakest that the caller accepts. */
  accepted: Enforce;
}

/** Why the kernel makes no cage, in words, and as an error unless that was another cage's. */
export interface Refusal {
  reason: string;
  cause?: MemcageError;
}

/** Lets the kernel make a cage, and something weaker where it can make none. */
export class KernelFirst {
  #refusal: Refusal | undefined;

  make<T>(byKernel: () => T, weaker: (refusal: Refusal) => T): T {
    const known = this.#refusal ?? refusalOf(whyNoCage());
    if (known !== undefined) return weaker(known);
    try {
      return byKernel();
    } catch (error) {
      if (!meansNoCages(error)) throw error;
      return weaker(refusalOf(error));
    }
  }

  /** Takes note of an error that came later. True if {@link make} makes something weaker from now on. */
  refused(error: unknown): boolean {
    if (this.#refusal !== undefined || !meansNoCages(error)) return false;
    this.#refusal = refusalOf(error);
    return true;
  }
}

function meansNoCages(error: unknown): error is MemcageError {
  return error instanceof MemcageError && NO_CAGES.has(error.code);
}

function refusalOf(cause: MemcageError): Refusal;
function refusalOf(cause: MemcageError | undefined): Refusal | undefined;
function refusalOf(cause: MemcageError | undefined): Refusal | undefined {
  return cause && { reason: `${cause.code}: ${cause.message}`, cause };
}

/** A cage within another has what holds that. */
export function asAround({ reason }: EnforcedBy): Refusal {
  return { reason: reason ?? '' };
}

/**
 * What is to hold a cage that the kernel can't: the strongest that the caller accepts, and that can do what is asked.
 *
 * @throws ERR_MEMCAGE_UNSUPPORTED if nothing that the caller accepts can do that
 */
export function chooseWeaker(asked: Asked, kernels: Refusal): EnforcedBy {
  const { reason } = kernels;
  if (asked.parent !== undefined) {
    throw refuse({ name: 'parent', why: 'it says in which cgroup' }, kernels, 'leave it out');
  }
  const unheld = asked.outlivesOwner
    ? { name: 'detached', why: 'the child is to outlive this process, which is what polls it' }
    : unheldLimits(asked.limits)[0];
  if (unheld === undefined) return { kind: 'polled', reason };
  if (asked.accepted === 'none') {
    return { kind: 'none', reason: `${reason}. Nor can it be polled: ${unheld.name}: ${unheld.why}` };
  }
  throw refuse(unheld, kernels, "leave it out, or accept enforce: 'none'");
}

function refuse({ name, why }: UnheldLimit, { reason, cause }: Refusal, cure: string): MemcageError {
  return new MemcageError(
    ErrorCode.UNSUPPORTED,
    `${name} needs a cage that the kernel holds (${why}): ${cure}. The kernel can't make one: ${reason}`,
    { cause },
  );
}
