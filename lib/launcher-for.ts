import type { MemoryReport, OomVerdict } from '../types/outcome';
import type { Cage } from './cage/cage';
import type { Stay } from './cage/stay';
import { ALIASES, alreadyRead } from './called';
import { type LauncherPlan, launcherArguments } from './launcher/arguments';
import { launcherPath } from './launcher/executable';
import { refuseUnsupported } from './launcher/unsupported';
import { hasInit, planNamespaces } from './namespaces';
import { loadNative } from './native';
import { checkOptions } from './option-names';
import { type CageOptions, splitOptions } from './options';
import { enterPlace, placeOf } from './place';

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
  const stay = enterPlace(placeOf(own), own, { detached: false });
  let args: string[];
  try {
    stay?.started();
    const plan: LauncherPlan = {
      join: stay?.group.joinPaths() ?? [],
      namespaces: planNamespaces(own.namespaces, native),
      init: hasInit(own.namespaces),
    };
    args = launcherArguments(plan);
  } catch (error) {
    stay?.abandon();
    throw error;
  }
  let closed: Promise<LauncherReport> | undefined;
  const close = (): Promise<LauncherReport> => {
    closed ??= leave(stay);
    return closed;
  };
  return {
    file: launcherPath(),
    args,
    cage: stay?.cage ?? null,
    close,
    [Symbol.asyncDispose]: async () => void (await close()),
  };
}

function leave(stay: Stay | undefined): Promise<LauncherReport> {
  if (stay === undefined) return Promise.resolve({ oom: null, memory: null });
  return new Promise((resolve, reject) => {
    stay.ended(null, undefined, ({ oom, memory, error }) => {
      if (error === undefined) resolve({ oom, memory });
      else reject(error);
    });
  });
}
