import { constants } from 'node:os';
import type { NativeBinding } from '../../types/native';
import type { MemoryReport } from '../../types/outcome';
import { type CloneFailure, explainFailure } from '../cage/failure';
import type { Stay, StayEnd } from '../cage/stay';
import { withChild } from '../cage/victim';
import { isNativeError } from '../cgroup/refusal';
import { launcherArguments } from '../launcher/arguments';
import { launcherPath } from '../launcher/executable';
import { openReport } from '../launcher/report';
import { refuseUnsupported } from '../launcher/unsupported';
import { hasCgroupNamespace, hasInit, hasPidNamespace, planNamespaces } from '../namespaces';
import { loadNative } from '../native';
import { type LimitedHeap, withNodeHeapIn } from '../node-heap';
import type { ResolvedCageOptions } from '../options';
import { enterPlace, memoryOfUnstarted, placeOf } from '../place';

const { ENODEV, ENOENT } = constants.errno;

/** A program to be run to its end, with all of Node's defaults applied. */
export interface LaunchedProgram {
  file: string;
  /** argv, `argv[0]` included. */
  args: readonly unknown[];
  env: NodeJS.ProcessEnv;
  options: {
    uid?: number | undefined;
    gid?: number | undefined;
    detached: boolean;
    /** Entries of `stdio`: the first fd that is free in the child. */
    stdioCount: number;
  };
}

/** What takes the place of the request's file and args. */
export interface LauncherCommand {
  file: string;
  /** argv, `argv[0]` included. */
  args: unknown[];
  env: NodeJS.ProcessEnv;
  /** To be the fds of the child from `stdioCount` on. `uid` and `gid` are the launcher's affair: it joins the cage first. */
  fds: number[];
}

/** Of what Node's sync functions, and their binding, return. */
export interface LaunchedResult {
  /** 0: there never was a process. */
  pid: number;
  signal: NodeJS.Signals | null;
  /** That it was ended early, among others. */
  error?: unknown;
}

export interface LaunchedEnd<R> {
  /** Undefined when it did not come to that. */
  result: R | undefined;
  oom: StayEnd['oom'];
  heap: LimitedHeap | undefined;
  memory: MemoryReport | null;
  /** Something of the cage could not be removed, or no program was started. */
  error?: Error;
  /** Negative: what kept the program from being started, which Node is to tell. */
  errno?: number;
}

/**
 * Run a program in a cage and in namespaces, through the launcher, by a function that blocks until it has ended. `run` is
 * given what to run instead; where the cage was removed meanwhile, once more. When this throws, nothing is left.
 */
export function runThroughLauncher<R extends LaunchedResult>(
  request: LaunchedProgram,
  cage: ResolvedCageOptions,
  run: (command: LauncherCommand) => R,
): LaunchedEnd<R> {
  const native = loadNative();
  refuseUnsupported(cage.namespaces);
  const end = attempt(native, request, cage, run, false) ?? attempt(native, request, cage, run, true);
  if (end === undefined) throw new Error('the last attempt has an end');
  return end;
}

/** Undefined: someone removed the cage before the launcher could join it, and `isLast` is false. */
function attempt<R extends LaunchedResult>(
  native: NativeBinding,
  request: LaunchedProgram,
  cage: ResolvedCageOptions,
  run: (command: LauncherCommand) => R,
  isLast: boolean,
): LaunchedEnd<R> | undefined {
  const place = placeOf(cage);
  const unstarted = { oom: null, heap: undefined, memory: memoryOfUnstarted(place) };
  let stay: Stay | undefined;
  const abandon = (): StayEnd | undefined => {
    const left = stay;
    stay = undefined;
    return left?.abandon();
  };
  const leave = (signal: NodeJS.Signals | null): StayEnd | undefined => {
    const left = stay;
    stay = undefined;
    return left?.endedNow(signal);
  };
  try {
    stay = enterPlace(place, cage, request.options);
    // No memory is shared with the child, so that every limit may be in force before it is born.
    stay?.started();
    const ceiling = { bytes: stay?.group.ceilingBytes, isHidden: hasCgroupNamespace(cage.namespaces) };
    const { env, limitBytes } = withNodeHeapIn(request, place.nodeHeap, ceiling);
    const isPidOne = hasPidNamespace(cage.namespaces) && !hasInit(cage.namespaces);
    const heap = limitBytes === undefined ? undefined : { limitBytes, isPidOne };
    const { result, failure } = start(native, { ...request, env }, cage, stay, run);
    if (failure === undefined) {
      if (result.pid === 0) return { result, ...unstarted, heap, ...abandon() };
      const { pid, signal } = result;
      const wasKilled = result.error !== undefined || hasInit(cage.namespaces) || stay?.wasKilled === true;
      const end = withChild(leave(signal), { pid, file: request.file, signal, wasKilled });
      return { result, ...unstarted, heap, ...end };
    }
    if (!isLast && foundNoCgroup(failure)) return undefined;
    const { namespaces } = cage;
    const { error, asNode } = explainFailure(failure, { group: stay?.group, namespaces, isLate: false });
    if (!asNode) throw error;
    return { result, ...unstarted, ...abandon(), error, errno: failure.errno };
  } catch (error) {
    // What ran out of fds while it was preparing is the same to the caller as what ran out in the spawn.
    if (isNativeError(error)) return { result: undefined, ...unstarted, ...abandon(), error, errno: error.errno };
    throw error;
  } finally {
    if (stay !== undefined) abandon();
  }
}

function start<R extends LaunchedResult>(
  native: NativeBinding,
  { file, args, env, options }: LaunchedProgram,
  cage: ResolvedCageOptions,
  stay: Stay | undefined,
  run: (command: LauncherCommand) => R,
): { result: R; failure: CloneFailure | undefined } {
  const entry = stay?.group.enter({ cloneInto: false });
  try {
    const report = openReport(native);
    let failure: CloneFailure | undefined;
    let result: R;
    try {
      const { uid, gid, stdioCount, detached } = options;
      const fds = [report.fd, ...(entry?.fds.joinFds ?? [])];
      const prefix = launcherArguments({
        reportFd: stdioCount,
        join: (entry?.fds.joinFds ?? []).map((_, index) => stdioCount + 1 + index),
        namespaces: planNamespaces(cage.namespaces, native),
        init: hasInit(cage.namespaces),
        ...(!detached && stay?.group.hasGuardian !== true && { parent: process.pid }),
        ...(uid !== undefined && { uid: uid >>> 0 }),
        ...(gid !== undefined && { gid: gid >>> 0 }),
        ...(args[0] !== file && { file }),
      });
      const launcher = launcherPath();
      result = run({ file: launcher, args: [launcher, ...prefix, ...args], env, fds });
    } finally {
      failure = report.read();
    }
    return { result, failure };
  } finally {
    entry?.close();
  }
}

function foundNoCgroup({ stage, errno }: CloneFailure): boolean {
  return stage === 'cgroup' && (errno === -ENODEV || errno === -ENOENT);
}
