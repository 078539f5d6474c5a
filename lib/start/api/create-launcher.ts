import type { LimitsReport, MemoryReport, OomVerdict, StallVerdict } from '../../../types/outcome';
import { joinPaths } from '../../cage/cgroup/join-fds';
import type { Cage, CageOptions, CagingOption, OneOf } from '../../cage/contract/cage';
import { NO_LIMITS } from '../../cgroup/controllers/limits-report';
import { loadNative } from '../../common/addon/load-native';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { ALIASES, alreadyRead } from '../../common/options/accepted-options';
import { LAUNCHER_OPTIONS } from '../../common/options/names';
import { checkOptions } from '../../common/options/option-names';
import { inWords } from '../../common/text/oom-words';
import { launcherArguments, refuseUnsupported } from '../../process/launcher/arguments';
import { launcherPath } from '../../process/launcher/executable';
import type { CagedChild } from '../child/caged-child';
import { makeCagedChild } from '../child/make-held-child';
import { withTimeBackstop } from '../child/time-backstop';
import { planChild } from '../launch/child-plan';
import { splitOptions } from '../request/cage-options';
import { requestOf } from '../request/start-request';

/** Options of {@link createLauncher}. */
export type LauncherOptions = Omit<
  CageOptions,
  'untrusted' | 'keepDescendants' | 'nodeHeap' | 'memoryDetails' | 'evidence' | 'ipcHandles' | 'enforce'
>;

/** What the kernel says about everything that a launcher started. */
export interface LauncherReport {
  /** `null` unless the kernel killed one of these processes for memory. */
  oom: OomVerdict | null;
  /** `null` without a cage. */
  memory: MemoryReport | null;
  /** What became of the limits other than memory. */
  limits: LimitsReport;
  /** `null` unless the cage, or one around it, got nowhere for as long as its `stall` says. */
  stalled: StallVerdict | null;
}

/**
 * A command that puts another command into a cage. Until you close it, you can use it any number of times, also in
 * parallel.
 */
export interface Launcher extends AsyncDisposable {
  /** Absolute path of the launcher's executable. */
  readonly file: string;
  /** Arguments that come before the command. */
  readonly args: readonly string[];
  /** The cage that all commands share; `null` without a limit and `cage`. */
  readonly cage: Cage | null;
  /**
   * Kill what was started through the launcher, and remove its cgroup. Later starts fail. You can call it more than
   * once, and after the cage's own `close()`, which does the same: you get the report that was read at the end.
   */
  close(): Promise<LauncherReport>;
}

const NAMES = {
  of: 'createLauncher',
  known: LAUNCHER_OPTIONS,
  aliases: ALIASES,
} as const;

/** A {@link Launcher} with a cage, which a limit or `cage` gives it. */
export interface CagedLauncher extends Launcher {
  readonly cage: Cage;
}

/** Options that make a cage, or name one. */
export type CagedLauncherOptions = OneOf<LauncherOptions, CagingOption>;

/**
 * Make a launcher, for tools that accept only the path of a program and its arguments. What you start as `file` with
 * `[...args, command, ...itsArguments]` is in a cage or in namespaces, with these options. The launcher becomes the
 * command: it keeps its pid, stdio, signals and exit status.
 *
 * ```js run
 * import { spawnSync } from 'node:child_process';
 * import { createLauncher } from 'memcage';
 *
 * const launcher = createLauncher({ memory: '50M' });
 * spawnSync(launcher.file, [...launcher.args, 'tail', '/dev/zero']);
 * console.log((await launcher.close()).oom?.cause);
 * ```
 *
 * ```text output
 * limit
 * ```
 *
 * @throws as {@link spawn}, when the kernel refuses the cage. Refused namespaces show only when the command is
 * started.
 */
export function createLauncher(options: CagedLauncherOptions): CagedLauncher;
/** Without a limit and `cage`, or if the type does not tell whether there is one, the launcher's `cage` may be `null`. */
export function createLauncher(options: LauncherOptions): Launcher;
export function createLauncher(options: LauncherOptions): Launcher {
  const { own } = splitOptions(checkOptions(options, NAMES), alreadyRead(NAMES));
  refuseUnsupported(own.namespaces);
  const native = loadNative();
  const file = launcherPath();
  const request = requestOf(own);
  if (request.turns !== undefined) throw wouldNotWait();
  const plan = planChild(native, request, undefined);
  const caged = makeCagedChild(request, { detached: false });
  let args: string[];
  try {
    caged?.started();
    args = launcherArguments({
      ...plan,
      settings: withTimeBackstop(plan.settings, caged?.cgroup),
      join: caged === undefined ? [] : joinPaths(caged.cgroup),
      pids: caged?.cgroup.homes.counted.pids?.directory.path,
    });
  } catch (error) {
    caged?.abandon();
    throw error;
  }
  let closed: Promise<LauncherReport> | undefined;
  const close = (): Promise<LauncherReport> => {
    forget?.();
    closed ??= endCaged(caged);
    return closed;
  };
  // What goes wrong there, the cage's own close() reports.
  const forget = caged?.cage.addLauncher(() => void close().catch(() => {}));
  return {
    file,
    args,
    // Without `enforce` only the kernel holds it.
    cage: (caged?.cage ?? null) as Cage | null,
    close,
    [Symbol.asyncDispose]: async () => void (await close()),
  };
}

function endCaged(caged: CagedChild | undefined): Promise<LauncherReport> {
  if (caged === undefined) return Promise.resolve({ oom: null, memory: null, limits: { ...NO_LIMITS }, stalled: null });
  return new Promise((resolve, reject) => {
    caged.ended(null, undefined, ({ oom, memory, limits, stalled = null, error }) => {
      if (error === undefined) resolve({ oom: oom && inWords(oom), memory, limits, stalled });
      else reject(error);
    });
  });
}

function wouldNotWait(): MemcageError {
  return new MemcageError(
    ErrorCode.UNSUPPORTED,
    "createLauncher() can't be called within contain() of a budget: what it starts later would not wait for room. Call it outside, " +
      'or with the option cage, and have the room from reserve()',
  );
}
