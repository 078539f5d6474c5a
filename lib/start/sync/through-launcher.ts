import { constants } from 'node:os';
import type { CloneFailure, NativeBinding } from '../../../types/native';
import type { EnforcedBy, LimitsReport, MemoryReport, StallVerdict } from '../../../types/outcome';
import { isNativeError } from '../../cgroup/directory/refusal';
import { loadNative } from '../../common/addon/load-native';
import { type LauncherPlan, launcherArguments } from '../../process/launcher/arguments';
import { launcherPath } from '../../process/launcher/executable';
import { openReport } from '../../process/launcher/report';
import { refuseUnsupported } from '../../process/launcher/unsupported';
import { hasCgroupNamespace, hasInit, hasPidNamespace, planNamespaces } from '../../process/namespaces/namespaces';
import { type LimitedHeap, withNodeHeapIn } from '../../process/node-heap';
import { planRoot } from '../../process/root/plan-root';
import { planSettings } from '../../process/settings/child-settings';
import { refuse } from '../../process/swap';
import type { CagedChild } from '../child/caged-child';
import type { KernelReport } from '../child/kernel-report';
import { withTimeBackstop } from '../child/time-backstop';
import { withChild } from '../child/victim';
import { explainFailure } from '../refusals/failure';
import { refuseSettings } from '../refusals/setting-refusal';
import { chooseCage, makeCagedChild, memoryOfUnstarted } from '../request/cage-choice';
import type { ResolvedCageOptions } from '../request/cage-options';

const { ENODEV, ENOENT } = constants.errno;

/** A program to run to its end, with all of Node's defaults applied. */
export interface LaunchedProgram {
  file: string;
  /** argv, including `argv[0]`. */
  args: readonly unknown[];
  env: NodeJS.ProcessEnv;
  options: {
    uid?: number | undefined;
    gid?: number | undefined;
    detached: boolean;
    /** Of a program with a root of its own: inside. */
    cwd?: string | undefined;
    /** Number of entries in `stdio`, which is the first free fd in the child. */
    stdioCount: number;
  };
}

/** Replaces the file and the args of the request. */
export interface LauncherCommand {
  file: string;
  /** argv, including `argv[0]`. */
  args: unknown[];
  env: NodeJS.ProcessEnv;
  /** The child's fds from `stdioCount` on. The launcher handles `uid` and `gid`, because it joins the cage first. */
  fds: number[];
}

/** The same without the launcher itself. */
type LauncherArguments = Omit<LauncherCommand, 'file'>;

/** What memcage needs of a result of Node's sync functions, or of their binding. */
export interface LaunchedResult {
  /** 0 if there never was a process. */
  pid: number;
  signal: NodeJS.Signals | null;
  /** Set, among other cases, when the child was ended early. */
  error?: unknown;
}

export interface LaunchedEnd<R> {
  /** Undefined if `run` was not called. */
  result: R | undefined;
  oom: KernelReport['oom'];
  heap: LimitedHeap | undefined;
  memory: MemoryReport | null;
  limits: LimitsReport;
  stalled?: StallVerdict;
  enforcedBy: EnforcedBy | null;
  /** Set if something of the cage could not be removed, or no program was started. */
  error?: Error;
  /** Negative errno that kept the program from being started. Node is to report it. */
  errno?: number;
}

/**
 * Runs a program in a cage and in namespaces through the launcher, by a function that blocks until the program has
 * ended. Calls `run` with the command to run instead, and once more if the cage was removed meanwhile. Nothing is
 * left when this throws.
 */
export function runThroughLauncher<R extends LaunchedResult>(
  request: LaunchedProgram,
  cage: ResolvedCageOptions,
  run: (command: LauncherCommand) => R,
): LaunchedEnd<R> {
  const native = loadNative();
  // It may be missing: that has to show before there is a cage.
  const file = launcherPath();
  refuseUnsupported(cage.namespaces);
  const runLauncher = ({ args, ...rest }: LauncherArguments): R => run({ file, args: [file, ...args], ...rest });
  const end = attempt(native, request, cage, runLauncher, false) ?? attempt(native, request, cage, runLauncher, true);
  if (end === undefined) throw new Error('the last attempt has an end');
  return end;
}

/** Undefined if someone removed the cage before the launcher could join it, and `isLast` is false. */
function attempt<R extends LaunchedResult>(
  native: NativeBinding,
  request: LaunchedProgram,
  cage: ResolvedCageOptions,
  run: (command: LauncherArguments) => R,
  isLast: boolean,
): LaunchedEnd<R> | undefined {
  const choice = chooseCage(cage);
  if (choice.turns !== undefined) refuse('a synchronous function could not take its turn in a budget');
  const unstarted: Pick<LaunchedEnd<R>, 'oom' | 'heap' | 'memory' | 'limits' | 'enforcedBy'> = {
    oom: null,
    heap: undefined,
    memory: memoryOfUnstarted(choice),
    limits: {},
    enforcedBy: null,
  };
  let caged: CagedChild | undefined;
  const abandon = (): KernelReport | undefined => {
    const left = caged;
    caged = undefined;
    return left?.abandon();
  };
  const leave = (signal: NodeJS.Signals | null): KernelReport | undefined => {
    const left = caged;
    caged = undefined;
    return left?.endedNow(signal);
  };
  refuseSettings(choice.settings, cage.namespaces);
  try {
    caged = makeCagedChild(choice, cage, { detached: request.options.detached, file: request.file });
    unstarted.enforcedBy = caged?.enforcedBy ?? null;
    // The child shares no memory with this process, so every limit may apply before it is born.
    caged?.started();
    const ceiling = { bytes: caged?.home.ceilingBytes, isHidden: hasCgroupNamespace(cage.namespaces) };
    const { env, limitBytes } = withNodeHeapIn(request, choice.nodeHeap, ceiling);
    const isApart = hasPidNamespace(cage.namespaces);
    const isPidOne = isApart && !hasInit(cage.namespaces);
    const heap = limitBytes === undefined ? undefined : { limitBytes, isPidOne };
    const plans = {
      namespaces: planNamespaces(cage.namespaces, native, { hasRoot: cage.root !== undefined }),
      root: planRoot(cage.root, { cwd: request.options.cwd, hasPidNamespace: isApart }),
      settings: planSettings(withTimeBackstop(choice.settings, caged?.home)),
      init: hasInit(cage.namespaces),
    };
    const { result, failure } = launch(native, { ...request, env }, plans, caged, run);
    if (failure === undefined) {
      if (result.pid === 0) return { result, ...unstarted, heap, ...abandon() };
      const { pid, signal } = result;
      const wasKilled = result.error !== undefined || hasInit(cage.namespaces) || caged?.wasKilled === true;
      const end = withChild(leave(signal), { pid, file: request.file, signal, wasKilled });
      return { result, ...unstarted, heap, ...end };
    }
    if (!isLast && foundNoCgroup(failure)) return undefined;
    const { namespaces, root } = cage;
    const { settings } = choice;
    const { error, asNode } = explainFailure(failure, { home: caged?.home, namespaces, root, settings, isLate: false });
    if (!asNode) throw error;
    return { result, ...unstarted, ...abandon(), error, errno: failure.errno };
  } catch (error) {
    // To the caller, running out of fds while preparing is the same as running out of them in the spawn.
    if (isNativeError(error)) return { result: undefined, ...unstarted, ...abandon(), error, errno: error.errno };
    throw error;
  } finally {
    if (caged !== undefined) abandon();
  }
}

function launch<R extends LaunchedResult>(
  native: NativeBinding,
  { file, args, env, options }: LaunchedProgram,
  plans: Pick<LauncherPlan, 'namespaces' | 'root' | 'settings' | 'init'>,
  caged: CagedChild | undefined,
  run: (command: LauncherArguments) => R,
): { result: R; failure: CloneFailure | undefined } {
  const join = caged?.home.takeJoinFds({ cloneInto: false });
  try {
    const report = openReport(native);
    let failure: CloneFailure | undefined;
    let result: R;
    try {
      const { uid, gid, stdioCount, detached } = options;
      const { joinFds = [], pidsFd } = join?.fds ?? {};
      const fds = [report.fd, ...joinFds, ...(pidsFd === undefined ? [] : [pidsFd])];
      const prefix = launcherArguments({
        reportFd: stdioCount,
        join: joinFds.map((_, index) => stdioCount + 1 + index),
        pids: pidsFd === undefined ? undefined : stdioCount + 1 + joinFds.length,
        ...plans,
        ...(!detached && { parent: process.pid }),
        ...(uid !== undefined && { uid: uid >>> 0 }),
        ...(gid !== undefined && { gid: gid >>> 0 }),
        ...(args[0] !== file && { file }),
      });
      result = run({ args: [...prefix, ...args], env, fds });
    } finally {
      failure = report.read();
    }
    return { result, failure };
  } finally {
    join?.close();
  }
}

function foundNoCgroup({ stage, errno }: CloneFailure): boolean {
  return stage === 'cgroup' && (errno === -ENODEV || errno === -ENOENT);
}
