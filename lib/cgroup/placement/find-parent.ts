import { readlinkSync } from 'node:fs';
import type { Parent, ParentCandidate } from '../../../types/parent';
import { ErrorCode, MemcageError, told } from '../../common/errors/errors';
import { readProcStat } from '../../common/machine/proc';
import { isInitCommand } from '../../process/launcher/arguments';
import { type Host, processDirectory } from '../hierarchy/host';
import { isGuardian } from '../processes/guardian';
import { readCommand } from '../processes/processes';
import { makeAtRootCure, noParent } from './candidates';
import type { Effect, EffectResult } from './effects';
import { type Caller, type Judgement, judge } from './judge';
import { makeReady } from './make-ready';
import { type ParentFacts, readParentFacts } from './parent-facts';
import {
  busAddress,
  busFailureCure,
  explainBusFailure,
  isBootedBySystemd,
  isNameTaken,
  isUnitName,
  refuseMove,
  scopeRequest,
  unitQuestion,
} from './systemd';

export interface Wishes {
  /** Whether memcage may ask systemd for a scope, and move this process into it. */
  systemd: boolean;
  /**
   * For a process that becomes another program, and is the first of its container or unit: what it prepares lasts, and
   * processes of others may be moved too. Default: false.
   */
  entryPoint?: boolean;
}

/** The machine's own cgroup namespace has a fixed inode number (PROC_CGROUP_INIT_INO in the kernel's proc_ns.h). */
const INITIAL_CGROUP_NAMESPACE = 'cgroup:[4026531835]';
const ATTEMPTS = 5;
/** Errors after which no other parent is tried. */
const DECISIVE: ReadonlySet<ErrorCode> = new Set([ErrorCode.GUARDIAN, ErrorCode.CGROUP_LIMIT]);

/** What is known about the caller's own cgroup and its ancestors. */
interface CallersCgroups {
  caller: Caller;
  /** From the caller's own cgroup to the mount point. */
  levels: readonly ParentFacts[];
}

function findCallersCgroups({ memory }: Host, { entryPoint = false }: Wishes): CallersCgroups {
  const own = processDirectory(memory, 'self');
  const isPartOfAnother = isNamespaced();
  const caller: Caller = {
    euid: process.geteuid?.() ?? 0,
    systemd: isBootedBySystemd(),
    namespaceRoot: isPartOfAnother && memory.mountRoot === '/' ? memory.mountPoint : undefined,
    hierarchyRoot: !isPartOfAnother && memory.mountRoot === '/' ? memory.mountPoint : undefined,
    isEntryPoint: entryPoint,
    isOurs,
  };
  return { caller, levels: pathsUp(own, memory.mountPoint).map((path) => readParentFacts(path)) };
}

function judgeAll({ caller, levels }: CallersCgroups) {
  return levels.map((level, index) => ({
    level,
    source: index === 0 ? ('own' as const) : ('ancestor' as const),
    judgement: judge(level, levels.slice(0, index), caller),
  }));
}

/**
 * Finds the first cgroup of v2 that can be a parent of cages, and makes it ready. Throws ERR_MEMCAGE_NO_PARENT, which
 * lists every cgroup that was considered, with the reason why it can't be used.
 */
export function* findParent(host: Host, wishes: Wishes): Generator<Effect, Parent, EffectResult> {
  const refused: ParentCandidate[] = [];
  const errors: unknown[] = [];
  const around = yield* askForMark(findCallersCgroups(host, wishes));
  for (const { level, source, judgement } of judgeAll(around)) {
    errors.push(...level.errors);
    const refusal = 'refusal' in judgement ? judgement : yield* attempt(level, judgement, around.caller, errors);
    if (refusal === undefined) return { source, path: level.path };
    refused.push({ source, path: level.path, cure: null, ...refusal });
  }
  const asked = yield* askSystemd(host, around, wishes, errors);
  if ('refusal' in asked) throw noParent([...refused, asked], errors[0]);
  return asked;
}

/**
 * The unit of this process may be delegated without a mark: only systemd's manager of the machine leaves one. Asks
 * about this one unit only, because the units above it do not belong to this process.
 */
function* askForMark(around: CallersCgroups, timeoutMs?: number): Generator<Effect, CallersCgroups, EffectResult> {
  const { caller, levels } = around;
  const index = levels.findIndex(({ path }) => isUnitName(path));
  const unit = levels[index];
  const isInDoubt = unit !== undefined && !unit.isMarked && unit.uid === caller.euid && caller.euid !== 0;
  if (!caller.systemd || !isInDoubt) return around;
  const question = unitQuestion(busAddress(caller.euid, process.env), unit.path, timeoutMs);
  const answer = yield { do: 'ask-delegation', question };
  if (answer === undefined || !('delegated' in answer) || !answer.delegated) return around;
  return { caller, levels: levels.map((level) => (level === unit ? { ...level, isMarked: true } : level)) };
}

interface ListedCandidates {
  candidates: ParentCandidate[];
  /** What the kernel refused meanwhile. */
  errors: unknown[];
}

/**
 * What memcage would consider, up to the first usable parent, without changing anything. It does ask systemd.
 *
 * @param timeoutMs how long to wait for systemd's answer. Default: as long as a start does
 */
export function* listCandidates(
  host: Host,
  wishes: Wishes,
  timeoutMs?: number,
): Generator<Effect, ListedCandidates, EffectResult> {
  const around = yield* askForMark(findCallersCgroups(host, wishes), timeoutMs);
  const candidates: ParentCandidate[] = [];
  const errors: unknown[] = [];
  for (const { level, source, judgement } of judgeAll(around)) {
    errors.push(...level.errors);
    const refusal = 'refusal' in judgement ? judgement : { refusal: null };
    candidates.push({ source, path: level.path, cure: null, ...refusal });
    if (refusal.refusal === null) return { candidates, errors };
  }
  const { address, refused } = considerSystemd(around, wishes);
  candidates.push({ source: 'systemd', path: address, cure: null, ...(refused ?? { refusal: null }) });
  return { candidates, errors };
}

function* attempt(
  level: ParentFacts,
  judgement: Exclude<Judgement, { refusal: string }>,
  { isEntryPoint, isOurs }: Caller,
  errors: unknown[],
): Generator<Effect, { refusal: string; cure?: string } | undefined, EffectResult> {
  try {
    yield* makeReady(level.path, judgement, { isOurs, lasts: isEntryPoint });
    return undefined;
  } catch (error) {
    // A cage in a cgroup above would be free of that limit.
    if (error instanceof MemcageError && DECISIVE.has(error.code)) throw error;
    errors.push(error);
    const { detail, cure } = told(error);
    return { refusal: `the kernel refused: ${detail}`, ...(cure !== undefined && { cure }) };
  }
}

interface Considered {
  address: string;
  refused: { refusal: string; cure?: string } | undefined;
}

function considerSystemd({ caller, levels }: CallersCgroups, wishes: Wishes): Considered {
  const { euid, hierarchyRoot } = caller;
  const address = busAddress(euid, process.env);
  if (!caller.systemd) {
    const refusal = 'this machine was not booted by systemd';
    // The root of a cgroup namespace may have processes, which would have to leave it first.
    const root = levels.find(({ path }) => path === hierarchyRoot);
    const cure = root === undefined || euid === 0 ? undefined : makeAtRootCure(root, euid);
    return { address, refused: { refusal, ...(cure !== undefined && { cure }) } };
  }
  if (!wishes.systemd) {
    const refusal = 'asking it is turned off (MEMCAGE_SYSTEMD=0, or prepare())';
    return { address, refused: { refusal, cure: 'let it be asked, or set Delegate=yes for the unit' } };
  }
  const refusal = refuseMove(levels);
  return { address, refused: refusal === undefined ? undefined : { refusal, cure: 'set Delegate=yes for the unit' } };
}

function* askSystemd(
  host: Host,
  around: CallersCgroups,
  wishes: Wishes,
  errors: unknown[],
): Generator<Effect, Parent | ParentCandidate, EffectResult> {
  const { address, refused } = considerSystemd(around, wishes);
  const refuse = (refusal: string, cure?: string): ParentCandidate => ({
    source: 'systemd',
    path: address,
    refusal,
    cure: cure ?? null,
  });
  if (refused !== undefined) return refuse(refused.refusal, refused.cure);
  const own = around.levels.map(({ path }) => path);
  let answer: EffectResult;
  let count = 0;
  do {
    answer = yield { do: 'start-scope', request: scopeRequest(address, own) };
    count += 1;
  } while (answer !== undefined && isNameTaken(answer) && count < ATTEMPTS);
  if (answer === undefined || !('controlGroup' in answer)) {
    if (answer === undefined || !('step' in answer)) return refuse('no answer');
    return refuse(explainBusFailure(answer), busFailureCure(answer, around.caller.euid));
  }
  const path = `${host.memory.mountPoint}${answer.controlGroup}`;
  const now = processDirectory(host.memory, 'self');
  // If another thread was faster, the process is in a cgroup below it by now.
  if (now !== path && !now.startsWith(`${path}/`)) {
    return refuse(`it says that this process is in ${path}, the kernel that it is in ${now}`);
  }
  const level = readParentFacts(path);
  errors.push(...level.errors);
  const above = pathsUp(now, path).slice(0, -1);
  const judgement = judge(
    level,
    above.map((between) => readParentFacts(between)),
    around.caller,
  );
  const failure = 'refusal' in judgement ? judgement : yield* attempt(level, judgement, around.caller, errors);
  return failure === undefined ? { source: 'systemd', path } : refuse(`its scope ${path}: ${failure.refusal}`);
}

/** A directory and its ancestors, up to the mount point. */
function pathsUp(path: string, top: string): string[] {
  const paths = [path];
  for (let at = path; at !== top && at.startsWith(`${top}/`); ) {
    at = at.slice(0, at.lastIndexOf('/'));
    paths.push(at);
  }
  return paths;
}

function isNamespaced(): boolean {
  try {
    return readlinkSync('/proc/self/ns/cgroup') !== INITIAL_CGROUP_NAMESPACE;
  } catch {
    // This kernel has no cgroup namespaces.
    return false;
  }
}

/**
 * Whether a process is this one, one of its descendants, its guardian, which stays in the cgroup where this one was, or
 * the init that another memcage has put between the PID namespace and this program.
 */
export function isOurs(pid: number): boolean {
  if (pid === 0) return false;
  if (pid === 1 && process.ppid === 1 && isInitCommand(readCommand(parentOf('self')))) return true;
  // Bounded, because a chain that is read while processes end could lead anywhere.
  for (let at = pid, count = 0; at > 0 && count < 1000; count += 1) {
    if (at === process.pid) return true;
    at = parentOf(at);
  }
  return isGuardian(pid);
}

/** The number that a process's parent has in /proc, which in a PID namespace may be that of outside. */
function parentOf(pid: number | 'self'): number {
  try {
    return Number(readProcStat(pid)[1]);
  } catch {
    return 0;
  }
}
