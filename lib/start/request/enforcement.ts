import type { Enforce } from '../../../types/options';
import type { EnforcedBy } from '../../../types/outcome';
import type { ResolvedEvidence } from '../../cage/evidence/resolve-evidence';
import type { PolledCageOptions, SharedPolledCage } from '../../cage/polled-cage';
import { whyNoCage } from '../../cage/root/cage-roots';
import { SharedKernelCage } from '../../cage/shared-kernel-cage';
import type { CageLimits } from '../../cgroup/limits/cage-limits';
import type { ResolvedThreshold } from '../../cgroup/limits/resolve-thresholds';
import { ErrorCode, MemcageError, told } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import type { AnySharedCage } from './context';
import { type UnheldLimit, unheldLimits } from './unheld-limits';

/**
 * Codes of errors of a start that say: no cage can be made here, whatever is asked of it. Not ERR_MEMCAGE_UNSUPPORTED,
 * which may be about a single limit.
 */
const NO_CAGES: ReadonlySet<ErrorCode> = new Set([ErrorCode.NO_PARENT, ErrorCode.NO_PERMISSION, ErrorCode.NOT_VISIBLE]);

/** Why the kernel makes no cage, in words, and as an error unless that was another cage's. */
interface Refusal {
  reason: string;
  cause?: MemcageError;
}

/** Where a cage is to be, and by what it may be held. */
interface Place {
  /** The cage around it. */
  outer: AnySharedCage | undefined;
  /** The cgroup that the caller names. */
  parent: string | undefined;
  /** The weakest that the caller accepts. */
  accepted: Enforce;
}

/** What a caller asks of a cage. */
interface Asked {
  limits: CageLimits;
  /** Limits that each child of the cage is to have besides. */
  perChild?: CageLimits | undefined;
  /** The thresholds at which the cage is to emit 'threshold'. */
  thresholds: readonly ResolvedThreshold[];
  /** What is taken of a full cage. */
  evidence?: ResolvedEvidence | undefined;
  /** The child is to outlive its parent process, in a private cage that no cage around ends. */
  outlivesOwner: boolean;
}

/** Lets the kernel make a cage, and something weaker where it can make none, if that is accepted. */
export class KernelFirst {
  readonly #accepted: Enforce;
  /** A cage around that is not the kernel's. */
  readonly #outer: SharedPolledCage | undefined;
  /** Nothing but the kernel may hold it. */
  readonly #isOnly: boolean;
  #refusal: Refusal | undefined;

  constructor({ outer, parent, accepted }: Place) {
    this.#accepted = accepted;
    // Only the kernel can honour a parent.
    this.#isOnly = accepted === 'kernel' || outer instanceof SharedKernelCage || parent !== undefined;
    if (outer === undefined || outer instanceof SharedKernelCage) return;
    this.#outer = outer;
    // A cage within another has what holds that.
    this.#refusal = { reason: outer.enforcedBy.reason ?? '' };
  }

  /**
   * Throws what `byKernel` throws, if that says nothing about this machine.
   *
   * @throws ERR_MEMCAGE_UNSUPPORTED if nothing that the caller accepts can do what is asked
   */
  make<T>(byKernel: () => T, asked: Asked, polled: (options: PolledCageOptions) => T): T {
    if (this.#isOnly) return byKernel();
    const known = this.#refusal ?? refusalOf(foresee());
    if (known !== undefined) return this.#makeWeaker(asked, known, polled);
    try {
      return byKernel();
    } catch (error) {
      if (!meansNoCages(error)) throw error;
      return this.#makeWeaker(asked, refusalOf(error), polled);
    }
  }

  /** Takes note of an error that came later. True if {@link make} makes something weaker from now on. */
  refused(error: unknown): boolean {
    if (this.#isOnly || this.#refusal !== undefined || !meansNoCages(error)) return false;
    this.#refusal = refusalOf(error);
    return true;
  }

  /** Makes a cage that is held by the strongest that the caller accepts and that can do what is asked. */
  #makeWeaker<T>(asked: Asked, { reason, cause }: Refusal, polled: (options: PolledCageOptions) => T): T {
    const outer = this.#outer;
    outer?.assertOpen();
    const { limits, outlivesOwner } = asked;
    const limitBytes = limits.memory.max ?? Number.POSITIVE_INFINITY;
    const make = (enforcedBy: EnforcedBy): T => polled({ enforcedBy, limitBytes, outer, outlivesOwner });
    const [unheld] = outlivesOwner ? [OUTLIVING] : unheldOf(asked);
    let obstacle: string;
    let cure: string | undefined;
    if (unheld === undefined) {
      try {
        return make({ kind: 'polled', reason });
      } catch (error) {
        if (!(error instanceof MemcageError) || error.code !== ErrorCode.UNSUPPORTED) throw error;
        ({ detail: obstacle, cure } = told(error));
      }
    } else {
      obstacle = `a polled cage can't have ${unheld.name}, since ${unheld.why}`;
      cure = `leave out ${unheld.name}, or accept enforce: 'none'`;
    }
    if (this.#accepted === 'none')
      return make({ kind: 'none', reason: `${reason}. Nor can it be polled: ${obstacle}` });
    const cures = [cure, cause?.cure].filter((each) => each !== undefined).join('; or ');
    throw new MemcageError(
      ErrorCode.UNSUPPORTED,
      words`Nothing can hold this cage: ${obstacle}. The kernel can't: ${reason}${cures === '' ? '' : words`${CURE}${cures}`}`,
      { cause },
    );
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
  return cause && { reason: `${cause.code}: ${told(cause).detail}`, cause };
}

function unheldOf({ limits, perChild, thresholds, evidence }: Asked): UnheldLimit[] {
  const unheld = unheldLimits(limits);
  if (perChild !== undefined) unheld.push({ name: 'perChild', why: 'its children share one budget' });
  if (thresholds.length > 0) {
    unheld.push({ name: 'thresholds', why: 'between two looks at its processes nobody knows its use' });
  }
  if (evidence !== undefined)
    unheld.push({ name: 'evidence', why: 'nothing but the kernel stops a whole cage in time' });
  return unheld;
}

const OUTLIVING = { name: 'detached', why: 'it is this process that would poll the child, which is to outlive it' };
