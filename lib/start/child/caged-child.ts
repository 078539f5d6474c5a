import type { EnforcedBy } from '../../../types/outcome';
import type { CageCgroup } from '../../cage/cgroup/cage-cgroup';
import type { Cage } from '../../cage/contract/cage';
import type { CageEvidence } from '../../cage/evidence/cage-evidence';
import type { KernelCage } from '../../cage/kernel-cage';
import { isLogBehind } from '../../cage/oom/kernel-log';
import type { SharedKernelCage } from '../../cage/shared-kernel-cage';
import type { Cgroup } from '../../cgroup/handle/cgroup';
import { Clearing } from './clearing';
import { EvidenceWitness } from './evidence-witness';
import type { HeldChild } from './held-child';
import { type KernelReport, readKernelReport, unreadReport } from './kernel-report';
import { StallWitness } from './stall-witness';

type State = 'starting' | 'running' | 'clearing' | 'kept' | 'gone';

const NEXT: Readonly<Record<State, readonly State[]>> = {
  starting: ['running', 'gone'],
  running: ['clearing', 'kept', 'gone'],
  clearing: ['gone'],
  kept: ['gone'],
  gone: [],
};

/**
 * One child's life in a cage of the kernel's, from before its birth until nothing of it is left. The methods are the events that move
 * it from one state to the next. README.md of this room has the diagram, and says what each state gives back.
 *
 * Which cgroup the child lives in, and how that is removed, is up to the two kinds: `PrivateChild` and `LeafChild`.
 */
export abstract class CagedChild implements HeldChild {
  readonly seesLimit = true;
  readonly diesWithOwner = false;
  #state: State = 'starting';
  readonly #leaveCage: () => void;
  readonly #stalls: StallWitness;
  readonly #evidence: EvidenceWitness;

  /** @param cgroup the cgroup that the child lives in */
  protected constructor(
    readonly cage: KernelCage,
    readonly cgroup: CageCgroup,
  ) {
    // While it is a member, the cage's close() does not remove the cgroups that hold the counts of its end.
    this.#leaveCage = cage.addMember();
    this.#stalls = new StallWitness(cgroup.metered.stalls);
    this.#evidence = new EvidenceWitness(() => evidencesOf(cage, cgroup));
  }

  get publicCage(): Cage<Cgroup | null> {
    return this.cage.publicCage;
  }

  get enforcedBy(): EnforcedBy {
    return this.cage.enforcedBy;
  }

  get ceilingBytes(): number {
    return this.cgroup.ceilingBytes;
  }

  get wasKilled(): boolean {
    return this.cgroup.wasKilled || this.cage.wasKilled;
  }

  environment(env: string[]): string[] {
    // Its Node programs can answer to one.
    const asked = this.cage.evidences.find((evidence) => evidence.asksNode);
    return asked?.environment(env) ?? env;
  }

  /** Also called before there is a child, if a launcher is to put it into the cage. */
  started(): void {
    this.#become('running');
    this.cage.cgroup.events?.noteMember();
  }

  /** If no fd is free, for example, the cgroup is removed later. */
  abandon(): KernelReport {
    this.#become('gone');
    const report = this.#readOrExcuse(null);
    this.giveBackUnstarted(report);
    return report;
  }

  ended(
    signal: NodeJS.Signals | null,
    texts: readonly string[] | undefined,
    done: (report: KernelReport) => void,
  ): void {
    const tell = (report: KernelReport): void => this.#evidence.settle(() => done(this.#completed(report, signal)));
    if (texts !== undefined) tell(this.#concludeCleanUp(texts));
    else if (this.keepsDescendants) tell(this.#keep(signal));
    else {
      this.#clear(signal).start((report) => {
        this.#become('gone');
        tell(report);
      });
    }
  }

  endedNow(signal: NodeJS.Signals | null): KernelReport {
    this.#evidence.settleNow();
    if (this.keepsDescendants) return this.#completed(this.#keep(signal), signal);
    const report = this.#clear(signal).finishNow();
    this.#become('gone');
    return this.#completed(report, signal);
  }

  killAll(): void {
    this.cgroup.kill();
  }

  /** Whether processes that the child leaves running live on. */
  protected abstract readonly keepsDescendants: boolean;

  /** True once nothing of the child's cgroup is left, false while processes are in it. */
  protected abstract removeOwn(): boolean;

  /** Removes what was made for a child that never started; now, or later. */
  protected abstract giveBackUnstarted(report: KernelReport): void;

  #become(state: State): void {
    if (!NEXT[this.#state].includes(state)) throw new Error(`A child that is ${this.#state} can't become ${state}`);
    const isMember = this.#state !== 'kept';
    this.#state = state;
    if (isMember && (state === 'kept' || state === 'gone')) this.#leaveCage();
  }

  /** The watcher found no kill, and removed the cgroup. */
  #concludeCleanUp(texts: readonly string[]): KernelReport {
    const { cgroup } = this;
    const ofMemory = cgroup.report.files.length;
    const memory = cgroup.report.parse(texts.slice(0, ofMemory));
    const told = cgroup.limitsReport.parse(cgroup.exitCleanUp.reads.slice(ofMemory), texts.slice(ofMemory));
    this.cgroup.wasCleanedUp(told.limits);
    this.removeOwn();
    this.#become('gone');
    return { oom: null, memory, ...told };
  }

  #clear(signal: NodeJS.Signals | null): Clearing {
    this.#become('clearing');
    return new Clearing({
      cgroup: this.cgroup,
      readReport: () => readKernelReport(this.cgroup, this.cage.reporter, signal),
      removeCgroup: () => this.removeOwn(),
      mustWait: () => this.cgroup === this.cage.cageCgroup && this.cage.awaitsTriggers(),
    });
  }

  /** Adds what the limits tell that memcage holds. The kernel may have refused to kill the child, and a later kill gone well. */
  #completed(report: KernelReport, signal: NodeJS.Signals | null): KernelReport {
    const stalled = this.#stalls.verdict();
    const error = signal === 'SIGKILL' ? undefined : (this.cgroup.metered.killRefusal ?? this.#stalls.refusal);
    const evidence = this.#evidence.last();
    return {
      ...(error !== undefined && { error }),
      ...report,
      ...(stalled !== undefined && { stalled }),
      ...(evidence !== undefined && { evidence }),
    };
  }

  #keep(signal: NodeJS.Signals | null): KernelReport {
    const report = this.#readOrExcuse(signal);
    this.#become('kept');
    this.#removeOnceEmpty();
    return report;
  }

  /** Removes a kept cgroup after the last process in it has ended. v1 does not report that, so it polls. */
  #removeOnceEmpty(waitMs = 50): void {
    try {
      if (this.removeOwn()) {
        this.#become('gone');
        return;
      }
    } catch {
      // No fd is free, for example. Nobody waits for the removal.
    }
    const timer = setTimeout(() => this.#removeOnceEmpty(Math.min(waitMs * 2, 1000)), waitMs);
    timer.unref();
  }

  #readOrExcuse(signal: NodeJS.Signals | null): KernelReport {
    try {
      return readKernelReport(this.cgroup, this.cage.reporter, signal);
    } catch (error) {
      // The log is read once more, since nobody looks at this child again.
      if (isLogBehind(error)) return this.#readOrExcuse(signal);
      return { oom: null, ...unreadReport(this.cgroup), error: error as Error };
    }
  }
}

/** A child of a shared cage, in a leaf of its own. */
export class LeafChild extends CagedChild {
  protected readonly keepsDescendants = false;

  constructor(override readonly cage: SharedKernelCage) {
    super(cage, cage.createLeaf());
  }

  protected removeOwn(): boolean {
    return this.cage.removeLeaf(this.cgroup);
  }

  protected giveBackUnstarted(report: KernelReport): void {
    const removeCgroup = (): boolean => this.removeOwn();
    new Clearing({ cgroup: this.cgroup, readReport: () => report, removeCgroup }).start(() => {});
  }
}

/** Those on the cages of a child, the innermost first. */
function evidencesOf({ cageCgroup, evidences }: KernelCage, { evidence }: CageCgroup): readonly CageEvidence[] {
  return evidence === undefined || evidence === cageCgroup.evidence ? evidences : [evidence, ...evidences];
}
