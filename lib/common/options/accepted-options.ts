import { invalidArgument } from '../errors/argument-errors';
import { CAGE_OPTIONS, isOfTheCage } from './names';
import { NODE_OPTIONS, type NodeFunctionName } from './node-options';
import { isRecord, ownOptions, refuseSlips, refuseUnknown, withoutPrototype } from './option-names';

/** A function of memcage that starts a child, with the options that it accepts. */
export interface Called {
  /** The function's name, as the caller writes it. */
  readonly of: string;
  /**
   * Returns the options, including memcage's options that they inherit. Node's functions ignore inherited options of
   * Node.
   *
   * @throws TypeError for a name that is not an option's, and for an option of memcage's that is there, but undefined
   */
  read<O extends object>(options: O): O;
}

/** Makes the aliases of an {@link OptionNames} of the words that other programs have for each option. */
export function aliasesOf<K extends string>(
  words: Readonly<Record<K, readonly string[]>>,
): Readonly<Record<string, K>> {
  const pairs = Object.entries<readonly string[]>(words).flatMap(([name, others]) =>
    others.map((word) => [word, name]),
  );
  return Object.fromEntries(pairs) as Record<string, K>;
}

/** The words of other programs for an amount, before or after `memory` or `mem`. */
const AMOUNTS = ['max', 'limit', 'limits', 'mb', 'mib', 'bytes', 'limitmb', 'limitinmb', 'limitbytes', 'limitinbytes'];
const MEMORY = AMOUNTS.flatMap((word) => [`memory${word}`, `mem${word}`, `${word}memory`, `${word}mem`]);

/** What other programs call these options, in lower case and without separators. */
export const ALIASES = aliasesOf({
  memory: [...MEMORY, 'mem', 'maxmemorymb', 'maxmemorybytes', 'limit', 'limits', 'max'],
  namespaces: ['ns'],
  root: ['rootfs', 'chroot', 'pivotroot', 'rootoptions', 'binds', 'bindmounts', 'readonly', 'tmpfs', 'hide'],
  pids: ['pidslimit', 'pidsmax', 'maxpids', 'tasksmax', 'maxprocesses', 'processes'],
  cpu: ['cpulimit', 'cpuquota', 'maxcpu'],
  cpuTimeMs: ['cpums', 'maxcputime', 'cputimelimit'],
  stall: ['stallms', 'stalled', 'stalllimit', 'stalltimeout', 'thrashing', 'livelock'],
  thresholds: ['usagethreshold', 'usagethresholds'],
  evidence: ['evidencedir', 'postmortem', 'memoryreport', 'coredump'],
  nodeHeap: ['heaplimit', 'maxheap', 'maxoldspacesize'],
  keepDescendants: ['keepchildren'],
  oomScoreAdj: ['oomscore', 'oomadj', 'oomscoreadjust'],
  nice: ['niceness'],
  privileges: ['nonewprivs', 'nonewprivileges', 'seccomp'],
});

/** A function that refuses every option that neither memcage nor this function of Node knows. */
export function strict(of: string, node: NodeFunctionName, more: readonly string[] = []): Called {
  return reading(of, node, [...CAGE_OPTIONS, ...more]);
}

/** {@link strict} for a method of a cage, which takes none of the options that say in which cage. */
export function strictMember(of: string, node: NodeFunctionName, more: readonly string[] = []): Called {
  const own = CAGE_OPTIONS.filter((name) => !isOfTheCage(name));
  return reading(of, node, [...own, ...more]);
}

function reading(of: string, node: NodeFunctionName, ours: readonly string[]): Called {
  const others = { whose: `Node's ${node}`, names: NODE_OPTIONS[node] };
  return {
    of,
    read: (options) => {
      refuseUnknown(options, { of, known: ours, others, aliases: ALIASES });
      if ('env' in options) checkEnv(options.env);
      return ownOptions(options, { of, known: ours });
    },
  };
}

/** Node would make variables of the characters of a text, and of the places in an array. It takes what is false for none. */
function checkEnv(env: unknown): void {
  if (!env || isRecord(env)) return;
  throw invalidArgument('env', "an object such as { ...process.env, NAME: 'value' }", env);
}

/** For options that have been read already, and may have been copied since. */
export function alreadyRead({ of }: Pick<Called, 'of'>): Called {
  return { of, read: withoutPrototype };
}

/** Near names of memcage's, but words that a library may well have for an option of its own. */
const COMMON_WORDS = ['limit', 'limits', 'max', 'privileged', 'boot', 'room', 'roots'];

/** A function that replaces Node's. Libraries give it extra fields, so it refuses only likely typos. */
export function lenient(of: NodeFunctionName): Called {
  const names = { of, known: CAGE_OPTIONS, aliases: ALIASES };
  return {
    of,
    read: (options) => {
      refuseSlips(options, [...NODE_OPTIONS[of], ...COMMON_WORDS], names);
      return ownOptions(options, names);
    },
  };
}
