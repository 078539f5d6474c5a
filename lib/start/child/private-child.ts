import { CagePool } from '../../cage/cage-pool';
import { makeDetachedCageCgroup, makeForLoans } from '../../cage/cgroup/make-cage-cgroup';
import type { ResolvedEvidence } from '../../cage/evidence/resolve-evidence';
import { KernelCage } from '../../cage/kernel-cage';
import type { CageRoot } from '../../cage/root/cage-root';
import { withCageRoot } from '../../cage/root/cage-roots';
import type { SharedKernelCage } from '../../cage/shared-kernel-cage';
import type { CageLimits } from '../../cgroup/limits/cage-limits';
import type { ResolvedThreshold } from '../../cgroup/limits/resolve-thresholds';
import { misplaced } from '../../common/errors/argument-errors';
import { CagedChild } from './caged-child';

export interface PrivateCageOptions {
  limits: CageLimits;
  /** Where the cage emits 'threshold'. */
  thresholds: readonly ResolvedThreshold[];
  /** Undefined: none is taken. */
  evidence: ResolvedEvidence | undefined;
  parent: string | undefined;
  /** The cage in which to make it. It then ends with that cage, detached or not. */
  outer: SharedKernelCage | undefined;
  detached: boolean;
  keepDescendants: boolean;
  /** The child is the init of a PID namespace: nothing there outlives it, so it needs no kill cgroup. */
  hasPidNamespace: boolean;
}

/** A child in its own private cage, which closes with it. */
export class PrivateChild extends CagedChild {
  protected readonly keepsDescendants: boolean;

  constructor(options: PrivateCageOptions) {
    const cage = makePrivateCage(options);
    super(cage, cage.cageCgroup);
    cage.watchUsage(options.thresholds);
    this.keepsDescendants = options.keepDescendants;
    if (options.evidence === undefined) return;
    try {
      makeForLoans(cage.cageCgroup, options.evidence);
      cage.cageCgroup.takeEvidence(options.evidence);
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  protected removeOwn(): boolean {
    return this.cage.tryRemove();
  }

  protected giveBackUnstarted(): void {
    try {
      this.cage.closeNow();
    } catch {
      // If that fails as well, the cage is removed at the end of the process.
      void this.cage.close().catch(() => {});
    }
  }
}

const pools = new WeakMap<CageRoot, CagePool>();

function makePrivateCage(options: PrivateCageOptions): KernelCage {
  const { limits, parent, outer, detached, hasPidNamespace, evidence } = options;
  if (outer !== undefined) return new KernelCage(outer.createPrivate(limits), { outlivesOwner: false, outer });
  if (detached) refuseWatched({ ...limits, evidence });
  return withCageRoot(parent, (root) =>
    detached
      ? new KernelCage(makeDetachedCageCgroup(root, limits), { outlivesOwner: true })
      : poolOf(root).take({ limits, killable: !hasPidNamespace || evidence !== undefined }),
  );
}

function refuseWatched(asked: Pick<CageLimits, 'cpuTimeMs' | 'stall'> & Pick<PrivateCageOptions, 'evidence'>): void {
  for (const name of ['cpuTimeMs', 'stall', 'evidence'] as const) {
    if (asked[name] === undefined) continue;
    const why = `with detached: the child outlives this process, which would ${name === 'evidence' ? 'stop it and let it go on' : 'measure and kill'}`;
    throw misplaced(name, why, 'leave out one of the two');
  }
}

function poolOf(root: CageRoot): CagePool {
  let pool = pools.get(root);
  if (pool === undefined) {
    const made = new CagePool(root);
    root.onEnd(() => made.close());
    pools.set(root, made);
    pool = made;
  }
  return pool;
}
