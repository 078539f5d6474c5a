import { isAbsolute, join } from 'node:path';
import { contradiction, misplaced } from '../../common/errors/argument-errors';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, mention, words } from '../../common/errors/words';
import { UNTRUSTED_MS } from '../../common/options/checks';
import { isNodeOption } from '../../common/options/node-options';
import { isRecord } from '../../common/options/option-names';
import { isWithin } from '../../common/text/names';
import type { ResourceName } from '../../process/settings/resource-limits';

/** What a start with `untrusted: true` depends on beside its options. */
export interface Surroundings {
  /** A user and a group of the program's own, which nobody else has; undefined: this process can give it none. */
  readonly ids: { readonly uid: number; readonly gid: number } | undefined;
  /** Whether the filter of `seccomp: 'default'` knows this architecture. */
  readonly hasFilter: boolean;
  /** The files and directories below which a distribution has its programs, as far as they are here. */
  readonly system: readonly string[];
  /** `PATH` of this process. */
  readonly path: string;
  /** The hard limit of this process, which only some may raise. */
  hardLimit(name: ResourceName): number;
  /** The cage around the start: undefined without one. */
  readonly cage: CageAround | undefined;
  /** Whether there is a program at the path. */
  isProgram(path: string): boolean;
}

/** What of a cage decides for what starts in it. */
interface CageAround {
  readonly isPolled: boolean;
  readonly hasMemoryLimit: boolean;
  /** The settings that it has for all its children. */
  readonly rlimits: object;
  readonly hasOomScoreAdj: boolean;
}

type Given = Readonly<Record<string, unknown>>;

const TMP = '/tmp';
const MIB = 1024 * 1024;
const TMP_BYTES = 64 * MIB;
const PROGRAMS = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/sbin', '/sbin'];
/** What every root has of its own. */
const OF_THE_ROOT = ['/proc', '/dev'];
/** What everybody may read: facts of the machine, and the terminal of the caller. */
const HIDDEN = ['/proc/sys/kernel', '/dev/tty'];

const RLIMITS = { core: 0, fsize: TMP_BYTES, nofile: 256, memlock: 0, msgqueue: 0 } as const satisfies Partial<
  Record<ResourceName, number>
>;

/**
 * The options that `untrusted: true` stands for, with those that the caller gave: these win, one by one. What has the wrong type
 * stays as it is, for the check of that option.
 *
 * @param file the program, if the caller names one
 * @throws TypeError or MemcageError for what would leave a part out
 */
export function withUntrusted(own: Given, file: string | undefined, around: Surroundings): Given {
  refuse(own, around);
  const program = programOf(own, file, around);
  const { ids, cage } = around;
  const defaults = {
    pids: 64,
    cpuTimeMs: UNTRUSTED_MS,
    timeout: UNTRUSTED_MS,
    killSignal: 'SIGKILL',
    cwd: TMP,
    env: { PATH: program.path, HOME: TMP, LANG: 'C.UTF-8' },
    ipcHandles: false,
    ...(cage === undefined && { enforce: 'kernel' }),
    ...(cage?.hasOomScoreAdj !== true && { oomScoreAdj: 1000 }),
    ...ids,
  };
  return {
    ...defaults,
    ...withoutUnset(own, defaults),
    rlimits: merged(rlimitsIn(around), own['rlimits']),
    privileges: merged({ noNewPrivileges: true, capabilities: [], seccomp: 'default' }, own['privileges']),
    namespaces: merged(
      {
        ...{ pid: { init: true }, net: true, ipc: true, cgroup: true, uts: { hostname: 'untrusted' } },
        // As root in there, the init may take from the program what it must not have.
        ...(ids === undefined && { user: { uid: 0, gid: 0 } }),
      },
      own['namespaces'],
    ),
    root: rootWith(own['root'], [...around.system, ...program.files]),
  };
}

/** Without those that ask Node for nothing, as a setting that is missing does: instead of the default Node would take what this process has. */
function withoutUnset(own: Given, defaults: object): Given {
  const isUnset = (name: string, value: unknown): boolean => (name === 'env' ? !value : value == null);
  const asked = ([name, value]: [string, unknown]): boolean =>
    !(name in defaults && isNodeOption(name) && isUnset(name, value));
  return Object.fromEntries(Object.entries(own).filter(asked));
}

function refuse(
  { memory, enforce, privileges, detached, keepDescendants }: Given,
  { cage, hasFilter }: Surroundings,
): void {
  const untrusted = mention('untrusted', 'untrusted: true');
  if (cage?.isPolled === true || (enforce !== undefined && enforce !== 'kernel')) {
    throw misplaced('enforce', words`with ${untrusted}, which only the kernel can hold`, 'leave it out');
  }
  for (const [name, given] of Object.entries({ detached, keepDescendants })) {
    if (given !== true) continue;
    throw misplaced(name, words`with ${untrusted}, of which nothing outlives this process`, 'leave it out');
  }
  if (memory === undefined && cage?.hasMemoryLimit !== true) {
    const why = words`${untrusted} needs a limit of memory, for the child or for the cage around it`;
    throw contradiction('memory', words`${why}${CURE}${mention('memory', "memory: '512M'")}`);
  }
  if (hasFilter || (isRecord(privileges) && 'seccomp' in privileges)) return;
  const why = words`${untrusted} needs a seccomp filter, and memcage has none for ${process.arch}`;
  throw new MemcageError(
    ErrorCode.UNSUPPORTED,
    words`${why}${CURE}give ${mention('privileges.seccomp')} a filter of your own`,
    { option: 'untrusted' },
  );
}

/** What is of the wrong type replaces the defaults, and is refused. */
function merged(defaults: object, own: unknown): unknown {
  if (own === undefined) return defaults;
  return isRecord(own) ? { ...defaults, ...own } : own;
}

function rlimitsIn({ cage, hardLimit }: Surroundings): object {
  const names = (Object.keys(RLIMITS) as (keyof typeof RLIMITS)[]).filter((name) => !(name in (cage?.rlimits ?? {})));
  return Object.fromEntries(names.map((name) => [name, Math.min(RLIMITS[name], hardLimit(name))]));
}

/** The caller's entries come first: errors count them from there. */
function rootWith(own: unknown, shown: readonly string[]): unknown {
  if (own !== undefined && !isRecord(own)) return own;
  const { path, binds = [], tmpfs = [], hide = [], ...others } = own ?? {};
  const taken = [...pathsOf(binds), ...pathsOf(tmpfs)];
  const isFree = (to: string): boolean => !taken.includes(to);
  // Another root has programs of its own.
  const seen = path === undefined ? shown.filter(isFree) : [];
  return {
    readOnly: true,
    ...others,
    ...(path !== undefined && { path }),
    tmpfs: joined(tmpfs, [
      ...(path === undefined && isFree('/') ? ['/'] : []),
      ...(isFree(TMP) ? [{ path: TMP, size: TMP_BYTES }] : []),
    ]),
    binds: joined(
      binds,
      seen.map((each) => ({ source: each, target: each, readOnly: true })),
    ),
    hide: joined(hide, HIDDEN),
  };
}

function joined(own: unknown, defaults: readonly unknown[]): unknown {
  return Array.isArray(own) ? [...(own as readonly unknown[]), ...defaults] : own;
}

function pathsOf(list: unknown): string[] {
  return Array.isArray(list) ? (list as readonly unknown[]).flatMap((each) => pathOf(each) ?? []) : [];
}

/** Where an entry of `root.binds` or `root.tmpfs` is seen. */
function pathOf(entry: unknown): string | undefined {
  const path = isRecord(entry) ? (entry['target'] ?? entry['path']) : entry;
  return typeof path === 'string' && isAbsolute(path) ? withoutEnd(join(path)) : undefined;
}

function withoutEnd(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** The `PATH` in which the program is found, and its file if no other bind shows it. */
function programOf(
  { env, root }: Given,
  file: string | undefined,
  { system, path, isProgram }: Surroundings,
): { path: string; files: readonly string[] } {
  const otherwise = { path: PROGRAMS.join(':'), files: [] };
  if (file === undefined || file === '') return otherwise;
  const known = isRecord(root) ? [...pathsOf(root['binds']), ...pathsOf(root['tmpfs'])] : [];
  const seen = [...system, ...OF_THE_ROOT, ...known.filter((each) => each !== '/' && each !== TMP)];
  const isSeen = (at: string): boolean => seen.some((directory) => isWithin(at, directory));
  const filesOf = (at: string): string[] => (isSeen(at) ? [] : [at]);
  if (isAbsolute(file)) return { ...otherwise, files: isProgram(file) ? filesOf(join(file)) : [] };
  // Inside it is relative to the working directory there.
  if (file.includes('/')) return otherwise;
  const given = isRecord(env) ? env['PATH'] : undefined;
  // What others put before the system's own, such as a script that chooses a version, may need files that are not seen.
  const directories = typeof given === 'string' ? given.split(':') : [...PROGRAMS, ...path.split(':')];
  const found = directories.find((directory) => isAbsolute(directory) && isProgram(join(directory, file)));
  if (found === undefined) return otherwise;
  return { path: [...new Set([...PROGRAMS, found])].join(':'), files: filesOf(join(found, file)) };
}
