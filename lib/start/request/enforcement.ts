import type { Enforce } from '../../../types/options';
import type { EnforcedBy } from '../../../types/outcome';
import { whyNoCage } from '../../cage/root/cage-roots';
import type { CageLimits } from '../../cgroup/limits/cage-limits';
import type { ResolvedThreshold } from '../../cgroup/limits/resolve-thresholds';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { type UnheldLimit, unheldLimits } from './unheld-limits';

/**
 * Codes of errors of a start that say: no cage can be made here, whatever is asked of it. Not ERR_MEMCAGE_UNSUPPORTED,
 * which may be about a single limit.
 */
const NO_CAGES: ReadonlySet<ErrorCode> = new Set([ErrorCode.NO_PARENT, ErrorCode.NO_PERMISSION, ErrorCode.NOT_VISIBLE]);

/** Why the kernel makes no cage, in words, and as an error unless that was another cage's. */
export interface Refusal {
  reason: string;
  cause?: MemcageError;
}

/** Lets the kernel make a cage, and something weaker where it can make none, if that is accepted. */
export class KernelFirst {
  #refusal: Refusal | undefined;

  /** @param isOnly nothing but the kernel may hold it */
  constructor(private readonly isOnly: boolean) {}

  /** Throws what `byKernel` throws, if that says nothing about this machine. */
  make<T>(byKernel: () => T, weaker: (refusal: Refusal) => T): T {
    if (this.isOnly) return byKernel();
    const known = this.#refusal ?? refusalOf(foresee());
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
    if (this.isOnly || this.#refusal !== undefined || !meansNoCages(error)) return false;
    this.#refusal = refusalOf(error);
    return true;
  }
}

const REMEMBER_MS = 1000;
/** The last refusal for which systemd may have been asked: a loop of starts must not ask it each time. */
let recent: { error: MemcageError; untilMs: number } | undefined;

/** Looks, before anything is tried. What it finds is about the machine, since no option has a part in it. */
function foresee(): MemcageError | undefined {
  if (recent !== undefined && performance.now() < recent.untilMs && !namesParent()) return recent.error;
  const error = whyNoCage() ?? undefined;
  recent = undefined;
  if (error === undefined || isOfEnvironment(error)) return undefined;
  if (error.code === ErrorCode.NO_PARENT) recent = { error, untilMs: performance.now() + REMEMBER_MS };
  return error;
}

function meansNoCages(error: unknown): error is MemcageError {
  return error instanceof MemcageError && NO_CAGES.has(error.code) && !isOfEnvironment(error);
}

/** Whoever names a cgroup that is not there has made a mistake. */
function isOfEnvironment({ code }: MemcageError): boolean {
  return code === ErrorCode.NO_PARENT && namesParent();
}

function namesParent(): boolean {
  return (process.env['MEMCAGE_PARENT'] ?? '') !== '';
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

function unheldOf({ limits, perChild, thresholds }: Asked): UnheldLimit[] {
  const unheld = unheldLimits(limits);
  if (perChild !== undefined) unheld.push({ name: 'perChild', why: 'its children share one budget' });
  if (thresholds.length > 0) {
    unheld.push({ name: 'thresholds', why: 'between two looks at its processes nobody knows its use' });
  }
  return unheld;
}

const OUTLIVING = { name: 'detached', why: 'it is this process that would poll the child, which is to outlive it' };

/** What a caller asks of a cage that the kernel can't make. */
export interface Asked {
  limits: CageLimits;
  /** Limits that each child of the cage is to have besides. */
  perChild?: CageLimits | undefined;
  /** The thresholds at which the cage is to emit 'usage'. */
  thresholds: readonly ResolvedThreshold[];
  /** The child is to outlive its parent process, in a private cage that no cage around ends. */
  outlivesOwner: boolean;
  /** The weakest that the caller accepts. */
  accepted: Enforce;
}

/**
 * Makes a cage that the kernel can't, held by the strongest that the caller accepts and that can do what is asked.
 *
 * @throws ERR_MEMCAGE_UNSUPPORTED if nothing that the caller accepts can do that
 */
export function makeWeaker<T>(asked: Asked, refusal: Refusal, make: (enforcedBy: EnforcedBy) => T): T {
  const { reason } = refusal;
  const [unheld] = asked.outlivesOwner ? [OUTLIVING] : unheldOf(asked);
  let obstacle: string;
  if (unheld === undefined) {
    try {
      return make({ kind: 'polled', reason });
    } catch (error) {
      if (!(error instanceof MemcageError) || error.code !== ErrorCode.UNSUPPORTED) throw error;
      obstacle = error.message;
    }
  } else {
    obstacle = `a polled cage can't have ${unheld.name}, since ${unheld.why}`;
  }
  if (asked.accepted === 'none') return make({ kind: 'none', reason: `${reason}. Nor can it be polled: ${obstacle}` });
  const cure = unheld === undefined ? '' : `: leave out ${unheld.name}, or accept enforce: 'none'`;
  throw new MemcageError(
    ErrorCode.UNSUPPORTED,
    `Nothing can hold this cage: ${obstacle}${cure}. The kernel can't: ${reason}`,
    {
      cause: refusal.cause,
    },
  );
}
