import type { Evidence } from '../../../types/outcome';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { unlessGone } from '../../cgroup/directory/refusal';
import type { CgroupVersion } from '../../cgroup/files/formats';
import { setFrozen } from '../../cgroup/processes/freezer';
import { type KillCgroup, killCgroupOf } from '../../cgroup/processes/kill-cgroup';
import { undo } from '../../cgroup/processes/remove-cgroup';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import { placeOf } from './directory-place';
import { countKills } from './heap/count-kills';
import { withPreload } from './heap/environment';
import { type Keeper, keeperOfThread } from './keeper';
import { makeEvidenceDirectory, type ResolvedEvidence } from './resolve-evidence';
import { SharedCageState } from './shared-state';
import { writeHigh } from './watching/alarm';

/** So long a report may take: a second of reading, and writing. */
const PATIENCE_MS = 5000;
/** With heap snapshots, and what reads them. */
const HEAPS_PATIENCE_MS = 300_000;
const LOOK_MS = 5;

/** The cage that is watched. */
interface EvidenceCage {
  memory: CgroupDirectory;
  version: CgroupVersion;
  killCgroup: KillCgroup | undefined;
  /** Where processes are lent memory. */
  beside?: EvidenceCage | undefined;
}

/** The evidence of one cage, from before its first child to its end. */
export class CageEvidence {
  /** The last report, and how many there were. */
  #last: Evidence | null = null;
  #count = 0;
  readonly #keeper: Keeper;
  readonly #id: number;
  readonly #state = new SharedCageState();
  readonly #cage: EvidenceCage;
  readonly #freezer: KillCgroup;
  readonly #patienceMs: number;

  /** Blocks until the cage is watched. @throws why it can't be */
  constructor(cage: EvidenceCage, { dir, at, extraBytes }: ResolvedEvidence) {
    const { memory, version, killCgroup } = cage;
    const freezer = killCgroupOf(version, memory, killCgroup);
    if (freezer === undefined) throw noFreezer(memory.path);
    const beside = cage.beside && besideOf(version, cage.beside);
    makeEvidenceDirectory(dir);
    this.#patienceMs = beside === undefined ? PATIENCE_MS : HEAPS_PATIENCE_MS;
    this.#cage = cage;
    this.#freezer = freezer;
    this.#keeper = keeperOfThread();
    this.#id = this.#keeper.open(
      {
        ...{ version, dir, at, state: this.#state.buffer },
        memory: placeOf(memory),
        freezer: { ...placeOf(freezer.directory), kind: freezer.kind },
        ...(beside !== undefined && extraBytes !== undefined && { beside: { ...beside, extraBytes } }),
      },
      {
        onTaken: (evidence) => {
          this.#last = evidence;
          this.#count += 1;
        },
        onFailed: () => this.#failed(),
      },
    );
  }

  /** How many reports there are by now. */
  get count(): number {
    this.#keeper.deliverNow();
    return this.#count;
  }

  /** The last report. */
  get last(): Evidence | null {
    this.#keeper.deliverNow();
    return this.#last;
  }

  /** Whether Node programs are to write heap snapshots. */
  get asksNode(): boolean {
    return this.#cage.beside !== undefined;
  }

  /** The environment of a child of the cage. */
  environment(env: string[]): string[] {
    return withPreload(env, this.#keeper.heapAddress);
  }

  limitsChanged(): void {
    this.#keeper.send({ kind: 'look', id: this.#id });
  }

  /** Call it before what is beside the cage is removed: its counts go with it. */
  besideEnds(): void {
    const { beside, version } = this.#cage;
    if (beside !== undefined) this.#state.lentKills = countKills(beside.memory, version) ?? this.#state.lentKills;
  }

  /** Call it before the processes of the cage stop or run on for others: whether it is to stay frozen. */
  staysFrozen(staysFrozen: boolean): void {
    this.#state.staysFrozen = staysFrozen;
  }

  /** {@link settleNow}, but a start does not wait for a heap snapshot. */
  settleForStart(): void {
    if (this.#state.isTaking) this.#state.waitUntilTaken(PATIENCE_MS);
  }

  /** Blocks while the keeper has stopped the cage, or writes a report on it. */
  settleNow(): void {
    if (this.#state.isTaking) this.#state.waitUntilTaken(this.#patienceMs);
  }

  /** Calls `done` when nothing more comes of what has happened: before it returns, unless a report is being written. */
  settle(done: () => void): void {
    const endMs = performance.now() + this.#patienceMs;
    const look = (): void => {
      if (this.#state.isTaking && performance.now() < endMs) setTimeout(look, LOOK_MS);
      else done();
    };
    look();
  }

  /** The cage is gone. A report that is being written comes all the same. */
  close(): void {
    this.settle(() => this.#keeper.close(this.#id));
  }

  /** The keeper has ended in whatever it did. */
  #failed(): void {
    undo(() =>
      unlessGone(() => {
        // The addon has thawed it as the keeper ended, and did not know what others want.
        if (this.#state.isTaking) setFrozen(this.#freezer, this.#state.staysFrozen);
        if (this.#cage.version === 2) writeHigh(this.#cage.memory, this.#state.callersHigh);
      }),
    );
    this.#state.isTaking = false;
  }
}

function besideOf(version: CgroupVersion, { memory, killCgroup }: EvidenceCage) {
  const freezer = killCgroupOf(version, memory, killCgroup);
  return freezer && { memory: placeOf(memory), freezer: placeOf(freezer.directory) };
}

function noFreezer(path: string): MemcageError {
  return new MemcageError(
    ErrorCode.UNSUPPORTED,
    words`evidence needs a freezer, which stops the cage while it is read, and ${path} has none${CURE}mount the v1 freezer or the unified hierarchy where this process can make cgroups`,
    { path },
  );
}
