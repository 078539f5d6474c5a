import type { MemoryReport, OomVerdict } from '../../types/outcome';
import type { ResolvedLimits } from '../cgroup/limits';
import { nowhere, verdictOn } from '../cgroup/oom/levels';
import { retry, retrySync, tookLong } from '../cgroup/remove';
import { ErrorCode, MemcageError } from '../errors';
import { waitForTurn } from '../wait';
import { Cage } from './cage';
import { CagePool } from './cage-pool';
import { Group } from './group';
import { type Owner, withOwner } from './owner';
import type { SharedCage } from './shared-cage';
import { diedForWantOfMemory } from './too-small';

const PATIENCE_MS = 10_000;

/** What the kernel has to say about a child once it has ended. */
export interface StayEnd {
  oom: OomVerdict | null;
  memory: MemoryReport;
  /** Something could not be removed. */
  error?: Error;
}

/** One child's stay in a cage, from before its birth until nothing of it is left. */
export interface Stay {
  readonly cage: Cage;
  /** The cgroup that the child lives in. */
  readonly group: Group;
  /** Its processes were killed by us, or by the caller through us. */
  readonly wasKilled: boolean;
  /** The child has reached its program. */
  started(): void;
  /** It never will; gives back what was taken for it, now or, for want of an fd say, later. Never throws. */
  abandon(): StayEnd;
  /**
   * It has ended. `settle` is called at once, or when what it left running has been killed.
   *
   * @param texts what the watcher has read before it removed the group; undefined: it did not
   */
  ended(signal: NodeJS.Signals | null, texts: readonly string[] | undefined, settle: (end: StayEnd) => void): void;
  /** The same for a caller that can't wait: blocks while what the child left running is being killed. */
  endedNow(signal: NodeJS.Signals | null): StayEnd;
}

export interface PrivateCageOptions {
  limits: ResolvedLimits;
  parent: string | undefined;
  /** The cage to make it in; then it ends with that, detached or not. */
  within: SharedCage | undefined;
  detached: boolean;
  keepDescendants: boolean;
  /** The child is the init of a PID namespace: nothing in that outlives it, so that no guard is needed. */
  isInit: boolean;
}

const pools = new WeakMap<Owner, CagePool>();

function poolOf(owner: Owner): CagePool {
  let pool = pools.get(owner);
  if (pool === undefined) {
    const made = new CagePool(owner);
    owner.onEnd(() => made.close());
    pools.set(owner, made);
    pool = made;
  }
  return pool;
}

/** A cage for one child; it closes with it. */
export function enterPrivateCage(options: PrivateCageOptions): Stay {
  const { keepDescendants } = options;
  const cage = makePrivateCage(options);
  const { group } = cage;
  const look = (): OomVerdict | null => cage.reporter.check(group);
  const tryRemove = (): boolean => cage.tryRemove();
  const leaving = (signal: NodeJS.Signals | null): Leaving => ({
    group,
    readEnd: () => read(group, look, signal),
    tryRemove,
  });
  const keep = (signal: NodeJS.Signals | null): StayEnd => {
    const end = readOrExcuse(group, () => read(group, look, signal));
    reclaimLater(cage);
    return end;
  };
  return asMember({
    cage,
    group,
    started: () => group.started(),
    abandon() {
      const end = readOrExcuse(group, () => read(group, look, null));
      closeNowOrLater(cage);
      return end;
    },
    ended(signal, texts, settle) {
      if (texts !== undefined) return conclude(group, texts, tryRemove, settle);
      if (keepDescendants) return settle(keep(signal));
      leave(leaving(signal), settle);
    },
    endedNow: (signal) => (keepDescendants ? keep(signal) : leaveNow(leaving(signal))),
  });
}

function makePrivateCage({ limits, parent, within, detached, isInit }: PrivateCageOptions): Cage {
  if (within !== undefined) return new Cage(within.createInner(limits), { outlivesOwner: false, outer: within });
  return withOwner(parent, (owner) =>
    detached
      ? new Cage(Group.createDetached(owner, limits), { outlivesOwner: true })
      : poolOf(owner).take({ limits, guarded: !isInit }),
  );
}

/** A leaf of a shared cage, for one child. */
export function enterLeaf(cage: Cage, name: string, limits: ResolvedLimits): Stay {
  cage.group.assertNotFrozen();
  const group = cage.group.createLeaf(name, limits);
  try {
    cage.reporter.watch(group);
  } catch (error) {
    group.discard();
    throw error;
  }
  const look = (): OomVerdict | null => cage.reporter.check(group);
  const tryRemove = (): boolean => {
    if (!group.tryRemove()) return false;
    cage.reporter.forget(group);
    return true;
  };
  const leaving = (signal: NodeJS.Signals | null): Leaving => ({
    group,
    readEnd: () => read(group, look, signal),
    tryRemove,
  });
  return asMember({
    cage,
    group,
    started: () => group.started(),
    abandon() {
      const end = readOrExcuse(group, () => read(group, look, null));
      leave({ group, readEnd: () => end, tryRemove }, () => {});
      return end;
    },
    ended(signal, texts, settle) {
      if (texts !== undefined) return conclude(group, texts, tryRemove, settle);
      leave(leaving(signal), settle);
    },
    endedNow: (signal) => leaveNow(leaving(signal)),
  });
}

/** While it stays, the cage's close() leaves the counts of its end alone. */
function asMember(stay: Omit<Stay, 'wasKilled'>): Stay {
  const leaveCage = stay.cage.addMember();
  return {
    ...stay,
    get wasKilled() {
      return stay.group.wasKilled || stay.cage.wasKilled;
    },
    started() {
      stay.started();
      stay.cage.cgroup.noteMember();
    },
    abandon() {
      leaveCage();
      return stay.abandon();
    },
    ended(signal, texts, settle) {
      stay.ended(signal, texts, (end) => {
        leaveCage();
        settle(end);
      });
    },
    endedNow(signal) {
      const end = stay.endedNow(signal);
      leaveCage();
      return end;
    },
  };
}

/** The watcher has found no kill, and removed the group. */
function conclude(
  group: Group,
  texts: readonly string[],
  tryRemove: () => boolean,
  settle: (end: StayEnd) => void,
): void {
  const memory = group.concludeEnding(texts);
  tryRemove();
  settle({ oom: null, memory });
}

/** What a child's end takes: to read, and then to remove. */
interface Leaving {
  group: Group;
  readEnd(): StayEnd;
  tryRemove(): boolean;
}

/** False: something was left running, or may still be counted, or there is no fd free to read with. */
type Attempt = () => boolean;

function attempts({ group, readEnd, tryRemove }: Leaving): {
  first: Attempt;
  next: Attempt;
  end(removed: boolean): StayEnd;
} {
  let end: StayEnd | undefined;
  let failure: unknown;
  const first = (): boolean => {
    try {
      end = readEnd();
      failure = undefined;
      if (end.oom !== null) {
        // The kernel counts the victims of one kill one by one, each before it ends: the child may be the first of them.
        if (group.isPopulated()) return false;
        end = readEnd();
      }
      return tryRemove();
    } catch (error) {
      failure = error;
      return false;
    }
  };
  return {
    first,
    next() {
      try {
        if (!group.killForRemoval()) return false;
      } catch (error) {
        failure = error;
      }
      return first();
    },
    end(removed) {
      const last = end ?? { oom: null, memory: group.lastReport() };
      return removed ? last : { ...last, error: failure instanceof Error ? failure : notEmptied(group) };
    },
  };
}

/** At once if that can be; else kill and try again, and let the caller go on meanwhile. */
function leave(leaving: Leaving, settle: (end: StayEnd) => void): void {
  const { first, next, end } = attempts(leaving);
  const startMs = performance.now();
  if (first()) settle(end(true));
  else void goOn(next, startMs).then((removed) => settle(end(removed)));
}

async function goOn(next: Attempt, startMs: number): Promise<boolean> {
  if (tookLong(startMs)) await waitForTurn();
  return await retry(next, PATIENCE_MS);
}

function leaveNow(leaving: Leaving): StayEnd {
  const { first, next, end } = attempts(leaving);
  return end(first() || retrySync(next, PATIENCE_MS));
}

function notEmptied({ memory: { path } }: Group): MemcageError {
  return new MemcageError(ErrorCode.BUSY, `${path} could not be emptied within ${PATIENCE_MS} ms`, { path });
}

function read(group: Group, look: () => OomVerdict | null, signal: NodeJS.Signals | null): StayEnd {
  try {
    const oom = look();
    const error = oom === null ? diedForWantOfMemory(group, signal) : undefined;
    return { oom, memory: group.report(), ...(error !== undefined && { error }) };
  } catch (error) {
    if (!(error instanceof MemcageError) || error.code !== ErrorCode.CGROUP_GONE) throw error;
    // Someone else has removed it, and its counts with it.
    return {
      oom: signal === 'SIGKILL' ? verdictOn(nowhere('unknown'), 0, null) : null,
      memory: group.lastReport(),
    };
  }
}

function readOrExcuse(group: Group, readEnd: () => StayEnd): StayEnd {
  try {
    return readEnd();
  } catch (error) {
    return { oom: null, memory: group.lastReport(), error: error as Error };
  }
}

function closeNowOrLater(cage: Cage): void {
  try {
    cage.closeNow();
  } catch {
    // What it can't do either is left to the end of the process.
    void cage.close().catch(() => {});
  }
}

/** A kept cage goes when the last process in it has ended, of which v1 tells nothing. */
function reclaimLater(cage: Cage, waitMs = 50): void {
  try {
    if (cage.tryRemove()) return;
  } catch {
    // No fd is free, say: nobody waits for it.
  }
  const timer = setTimeout(() => reclaimLater(cage, Math.min(waitMs * 2, 1000)), waitMs);
  timer.unref();
}
