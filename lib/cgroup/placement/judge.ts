import { readOnlyCure } from '../names/container';
import { isCageCgroup, kindOf } from '../names/own-names';
import { giveCure } from './candidates';
import type { ParentFacts } from './parent-facts';
import { isUnitName } from './systemd';

/** The process that looks for a parent, and its machine. */
export interface Caller {
  euid: number;
  /** Whether systemd manages the cgroups of this machine or container. */
  systemd: boolean;
  /** The root of the cgroup namespace, if that is not the machine's own. */
  namespaceRoot: string | undefined;
  /** The root of the whole hierarchy, if that is visible. */
  hierarchyRoot: string | undefined;
  /** Whether it is the first program of a container or unit, which may move others that are in there. */
  isEntryPoint: boolean;
  /** Whether a process is the caller or one of its descendants. */
  isOurs(pid: number): boolean;
}

export type Judgement =
  | {
      /** Processes to move into a cgroup below, so that this one has none of its own. */
      move: readonly number[];
      /** Whether processes that are not the caller's are to be moved too. */
      moveOthers?: true;
      /** Whether the memory controller must still be enabled for its children. */
      enable: boolean;
    }
  | { refusal: string; cure?: string };

/**
 * Judges whether cages may be made in a cgroup of v2, and what has to be done first.
 *
 * @param place the cgroup
 * @param between the cgroups from the caller's own up to `place`, without that; empty if it is the caller's own
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#delegation
 * @see https://systemd.io/CGROUP_DELEGATION
 */
export function judge(level: ParentFacts, between: readonly ParentFacts[], caller: Caller): Judgement {
  return (
    refuseReadOnly(level) ??
    refuseStrangers(level, between, caller) ??
    refuseUnwritable(level, caller) ??
    refuseUncontrolled(level) ??
    refuseEscape(level, between) ??
    judgeProcesses(level, between.length === 0, caller)
  );
}

/** Whoever manages its ancestors must have left the cgroup to the caller. */
function refuseStrangers(level: ParentFacts, between: readonly ParentFacts[], caller: Caller): Judgement | undefined {
  const { path, uid, isMarked } = level;
  if (path === caller.namespaceRoot) return undefined;
  // A cgroup is also the caller's own if memcage, for example in another thread, has moved the caller from it into a cgroup
  // below.
  const isOwn = between.every((below) => kindOf(below.path) === 'self');
  if (path === caller.hierarchyRoot) {
    if (isOwn && !caller.systemd) return undefined;
    return { refusal: caller.systemd ? 'it belongs to systemd' : 'it is the root, and not the cgroup of this process' };
  }
  // An ancestor that was delegated to someone, for example to a systemd user manager, is not thereby delegated to the
  // processes that this manager put into units of its own.
  const unit = between.find((below) => isUnit(below));
  if (unit !== undefined) {
    return { refusal: `${unit.path} is between it and this process, a unit of systemd's without Delegate=yes` };
  }
  // The processes in a cage may do there as they like.
  if (isMarked || kindOf(path) === 'scope' || isCageCgroup(path)) return undefined;
  if (isUnit(level)) {
    return { refusal: "it is a unit of systemd's without Delegate=yes", cure: 'set Delegate=yes for the unit' };
  }
  if (uid === caller.euid && uid !== 0) return undefined;
  // Without a manager, root's own cgroup belongs to root.
  if (caller.euid === 0 && isOwn && !caller.systemd) return undefined;
  if (caller.euid === 0) return { refusal: 'it was not delegated: the attribute user.delegate is missing' };
  return {
    refusal: `it was not delegated: it belongs to user ${uid}`,
    cure: `let its owner give the directory, its cgroup.procs and cgroup.subtree_control to user ${caller.euid}`,
  };
}

function isUnit({ path, isMarked }: ParentFacts): boolean {
  return !isMarked && isUnitName(path) && kindOf(path) !== 'scope';
}

/** This holds whoever owns the cgroup. */
function refuseReadOnly({ readOnly, path }: ParentFacts): Judgement | undefined {
  return readOnly ? { refusal: 'its file system is mounted read-only', cure: readOnlyCure(path) } : undefined;
}

function refuseUnwritable({ path, unwritable }: ParentFacts, { euid }: Caller): Judgement | undefined {
  if (unwritable.length === 0) return undefined;
  const what = unwritable.map((file) => (file === '' ? 'the directory' : file)).join(', ');
  const refusal = `${what} can't be written by this process`;
  // If root can't write something, all that is known is that somebody took root's rights away.
  return euid === 0 ? { refusal } : { refusal, cure: giveCure(path, unwritable, euid) };
}

function refuseUncontrolled({ type, controllers }: ParentFacts): Judgement | undefined {
  if (type !== undefined && type !== 'domain') return { refusal: `its cgroup.type is "${type}", not "domain"` };
  if (controllers.includes('memory')) return undefined;
  return {
    refusal: `it does not have the memory controller (cgroup.controllers: ${controllers.join(' ') || 'none'})`,
    cure: 'let the cgroup above enable it: "+memory" to its cgroup.subtree_control',
  };
}

/** The caller's limits must also apply to its cages. */
function refuseEscape({ path }: ParentFacts, between: readonly ParentFacts[]): Judgement | undefined {
  const limited = between.find(({ limits }) => limits.length > 0);
  if (limited === undefined) return undefined;
  return {
    refusal: `a cage in ${path} would be free of ${limited.limits.join(', ')} of ${limited.path}`,
    cure: `have ${limited.path}, or a cgroup below it, delegated to this process`,
  };
}

/**
 * The "no internal process constraint": only a cgroup without processes, or the root, may enable controllers for its
 * children.
 */
function judgeProcesses(level: ParentFacts, isOwn: boolean, caller: Caller): Judgement {
  if (level.enabled.includes('memory')) return { move: [], enable: false };
  if (level.path === caller.hierarchyRoot || level.pids.length === 0) return { move: [], enable: true };
  const others = level.pids.filter((pid) => !caller.isOurs(pid));
  if (isOwn && others.length === 0) return { move: level.pids, enable: true };
  // Whether everything in the cgroup was started for this container or unit.
  const isWhole = isOwn && (level.path === caller.namespaceRoot || level.isMarked);
  if (caller.isEntryPoint && isWhole && !others.includes(0))
    return { move: level.pids, enable: true, moveOthers: true };
  return {
    refusal:
      `it has processes other than this one and its descendants (${listed(others)}), ` +
      "so it can't enable controllers for its children",
    cure: cureForOthers(isWhole, caller),
  };
}

function cureForOthers(isWhole: boolean, { isEntryPoint }: Caller): string {
  if (isEntryPoint && isWhole) return 'run "memcage init" in the PID namespace of these processes, or of one around it';
  if (isWhole) return 'let the container or unit start with "memcage init -- COMMAND", which moves these processes too';
  return 'start this program alone in a cgroup, by "exec" in a script for example';
}

function listed(pids: readonly number[]): string {
  const known = pids.filter((pid) => pid !== 0);
  const some = known.slice(0, 5).join(', ');
  return known.length === 0 ? 'of another PID namespace' : `pid ${some}${known.length > 5 ? ' ...' : ''}`;
}
