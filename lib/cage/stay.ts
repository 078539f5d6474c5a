import type { MemoryReport, OomVerdict } from '../../types/outcome';
import type { ResolvedLimits } from '../cgroup/limits';
import { retry } from '../cgroup/remove';
import { ErrorCode, MemcageError } from '../errors';
import { Cage } from './cage';
import { Group } from './group';
import { ownerIn } from './owner';

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
  /** The child has reached its program. */
  started(): void;
  /** It never will; gives back what was taken for it. */
  abandon(): StayEnd;
  /** It has ended. `settle` is called at once, or when what it left running has been killed. */
  ended(signal: NodeJS.Signals | null, settle: (end: StayEnd) => void): void;
}

export interface PrivateCageOptions {
  limits: ResolvedLimits;
  parent: string | undefined;
  detached: boolean;
  keepDescendants: boolean;
}

/** A cage for one child; it closes with it. */
export function enterPrivateCage({ limits, parent, detached, keepDescendants }: PrivateCageOptions): Stay {
  const owner = ownerIn(parent);
  const group = detached ? Group.createDetached(owner, limits) : Group.create(owner, limits);
  const cage = new Cage(group, { outlivesOwner: detached });
  return {
    cage,
    group,
    started: () => group.started(),
    abandon() {
      const end = read(group, () => cage.reporter.check(group));
      cage.closeNow();
      return end;
    },
    ended(signal, settle) {
      const attempt = (): StayEnd => read(group, () => cage.reporter.check(group), signal);
      if (keepDescendants) {
        settle(attempt());
        if (!cage.tryRemove()) reclaimLater(cage);
        return;
      }
      leave(attempt, () => cage.tryRemove(), group, settle);
    },
  };
}

/** A leaf of a shared cage, for one child. */
export function enterLeaf(cage: Cage, name: string, limits: ResolvedLimits): Stay {
  cage.group.assertNotFrozen();
  const group = cage.group.createLeaf(name, limits);
  try {
    cage.reporter.watch(group);
  } catch (error) {
    group.tryRemove();
    throw error;
  }
  const look = (): unknown => cage.reporter.check(group);
  const tryRemove = (): boolean => {
    cage.group.retire(group);
    return group.tryRemove();
  };
  return {
    cage,
    group,
    started: () => group.started(),
    abandon() {
      const end = read(group, look);
      tryRemove();
      return end;
    },
    ended: (signal, settle) => leave(() => read(group, look, signal), tryRemove, group, settle),
  };
}

/** Read, then remove; where something was left running, kill it, and read again before the next attempt. */
function leave(attempt: () => StayEnd, tryRemove: () => boolean, group: Group, settle: (end: StayEnd) => void): void {
  let end = attempt();
  if (tryRemove()) {
    settle(end);
    return;
  }
  const again = (): boolean => {
    group.kill();
    end = attempt();
    return tryRemove();
  };
  retry(again, PATIENCE_MS).then(
    (removed) => settle(removed ? end : { ...end, error: notEmptied(group) }),
    (error: Error) => settle({ ...end, error }),
  );
}

function notEmptied({ memory: { path } }: Group): MemcageError {
  return new MemcageError(ErrorCode.BUSY, `${path} could not be emptied within ${PATIENCE_MS} ms`, { path });
}

function read(group: Group, report: () => unknown, signal: NodeJS.Signals | null = null): StayEnd {
  try {
    report();
    return { oom: group.verdict(), memory: group.report() };
  } catch (error) {
    if (!(error instanceof MemcageError) || error.code !== ErrorCode.CGROUP_GONE) throw error;
    // Someone else has removed it, and its counts with it.
    return { oom: signal === 'SIGKILL' ? { cause: 'unknown', kills: 0 } : null, memory: group.lastReport() };
  }
}

/** A kept cage goes when the last process in it has ended, of which v1 tells nothing. */
function reclaimLater(cage: Cage, waitMs = 50): void {
  const timer = setTimeout(() => {
    if (!cage.tryRemove()) reclaimLater(cage, Math.min(waitMs * 2, 1000));
  }, waitMs);
  timer.unref();
}
