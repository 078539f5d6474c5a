import type { MemoryReport, OomVerdict } from '../../types/outcome';
import { loadNative } from '../addon/load-native';
import type { Cage } from '../cage/cage';
import { joinPaths } from '../cage/join-fds';
import type { CagedChild } from '../child/caged-child';
import { type LauncherPlan, launcherArguments } from '../launcher/arguments';
import { launcherPath } from '../launcher/executable';
import { refuseUnsupported } from '../launcher/unsupported';
import { hasInit, planNamespaces } from '../namespaces/namespaces';
import { ALIASES, alreadyRead } from '../options/called';
import { checkOptions } from '../options/option-names';
import { chooseCage, makeCagedChild } from '../request/cage-choice';
import { type CageOptions, splitOptions } from '../request/cage-options';

/** Options of {@link launcherFor}. */
export type LauncherOptions = Omit<CageOptions, 'keepDescendants' | 'nodeHeap' | 'memoryDetails'>;

/** What the kernel had to say about all that a launcher has started. */
export interface LauncherReport {
  /** `null` unless the kernel killed one of its processes for memory. */
  oom: OomVerdict | null;
  /** `null` without a cage. */
  memory: MemoryReport | null;
}

/** A command that puts another one into a cage. Until it is closed, any number of them, also at once. */
export interface Launcher extends AsyncDisposable {
  /** Absolute path of an executable file. */
  readonly file: string;
  /** What comes before the command. */
  readonly args: readonly string[];
  /** What they live in, together; `null` without `memory` and `cage`. */
  readonly cage: Cage | null;
  /** Kill what was started through it, and take its place away. Later starts fail. Calling it again is harmless. */
  close(): Promise<LauncherReport>;
}

const NAMES = {
  of: 'launcherFor',
  known: ['memory', 'cage', 'namespaces', 'parent'],
  aliases: ALIASES,
} as const;

/**
 * A launcher for tools that take only the path of a program, and arguments for it: what is started by `file` with
 * `[...args, command, ...itsArguments]` is in a cage, or in namespaces, with these options. It becomes the command: same
 * pid, stdio, signals and exit status.
 *
 * @throws as {@link spawn}, when the kernel refuses the cage; refused namespaces are seen by who starts the command
 */
export function launcherFor(options: LauncherOptions): Launcher {
  const { own } = splitOptions(checkOptions(options, NAMES), alreadyRead(NAMES));
  refuseUnsupported(own.namespaces);
  const native = loadNative();
  const caged = makeCagedChild(chooseCage(own), own, { detached: false });
  let args: string[];
  try {
    caged?.started();
    const plan: LauncherPlan = {
      join: caged === undefined ? [] : joinPaths(caged.home),
      namespaces: planNamespaces(own.namespaces, native),
      init: hasInit(own.namespaces),
    };
    args = launcherArguments(plan);
  } catch (error) {
    caged?.abandon();
    throw error;
  }
  let closed: Promise<LauncherReport> | undefined;
  const close = (): Promise<LauncherReport> => {
    closed ??= endCaged(caged);
    return closed;
  };
  return {
    file: launcherPath(),
    args,
    cage: caged?.cage ?? null,
    close,
    [Symbol.asyncDispose]: async () => void (await close()),
  };
}

function endCaged(caged: CagedChild | undefined): Promise<LauncherReport> {
  if (caged === undefined) return Promise.resolve({ oom: null, memory: null });
  return new Promise((resolve, reject) => {
    caged.ended(null, undefined, ({ oom, memory, error }) => {
      if (error === undefined) resolve({ oom, memory });
      else reject(error);
    });
  });
}
