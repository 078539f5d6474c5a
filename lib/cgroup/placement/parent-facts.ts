import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { canLoad, loadNative } from '../../common/addon/load-native';
import { parseNames, parsePids } from '../files/formats';

/** What the kernel shows about a cgroup of v2 that decides whether cages may be made in it. */
export interface ParentFacts {
  path: string;
  /** Owner of the directory. */
  uid: number;
  /** Whether its file system is mounted read-only, as in most containers. */
  readOnly: boolean;
  /** What must be writable and is not. '' is the directory itself. */
  unwritable: readonly string[];
  /** systemd's mark on the top of a delegated subtree: the extended attribute `user.delegate` or `trusted.delegate`. */
  isMarked: boolean;
  /** `cgroup.type`; the root of the hierarchy has none. */
  type: string | undefined;
  /** The names in `cgroup.controllers` and `cgroup.subtree_control`. */
  controllers: readonly string[];
  enabled: readonly string[];
  /** `cgroup.procs`; 0 stands for a process of another PID namespace. */
  pids: readonly number[];
  /** Files that contain a limit. Processes moved to a cgroup elsewhere would escape these limits. */
  limits: readonly string[];
  /** What the kernel refused while all this was read. */
  errors: readonly unknown[];
}

/**
 * Limits that a unit or a container gets on purpose. systemd sets pids.max for every unit, so that is not among them.
 */
const LIMIT_FILES = ['memory.max', 'memory.high', 'memory.swap.max', 'cpu.max'];

/** Controllers that cages use: memory in any case, the others with a limit that needs them. */
export const USED_BY_CAGES = ['memory', 'pids', 'cpu', 'cpuset'];

/**
 * The files to write for moving a process in and enabling controllers for children; see "Delegation" in the cgroup v2
 * document.
 */
const WRITTEN = ['', 'cgroup.procs', 'cgroup.subtree_control'];

export function readParentFacts(path: string): ParentFacts {
  const refusals = refusalsToWrite(path);
  const errors: unknown[] = [...refusals.values()];
  const needed = (file: string): string => {
    try {
      return readFileSync(join(path, file), 'utf8');
    } catch (error) {
      if (!isMissing(error)) throw error;
      // A threaded cgroup does not list processes.
      if ((error as NodeJS.ErrnoException).code !== 'EOPNOTSUPP') errors.push(error);
      return '';
    }
  };
  return {
    path,
    uid: statSync(path).uid,
    readOnly: refusals.get('')?.code === 'EROFS',
    unwritable: [...refusals.keys()],
    isMarked: ['user.delegate', 'trusted.delegate'].some((name) => readMark(path, name) === '1'),
    type: readIfPresent(join(path, 'cgroup.type'))?.trim(),
    controllers: parseNames(needed('cgroup.controllers')),
    enabled: parseNames(needed('cgroup.subtree_control')),
    pids: parsePids(needed('cgroup.procs')),
    limits: LIMIT_FILES.filter((file) => isLimit(readIfPresent(join(path, file)))),
    errors,
  };
}

/** The controllers that cgroups below have. */
export function readEnabled(path: string): string[] {
  return parseNames(readIfPresent(join(path, 'cgroup.subtree_control')) ?? '');
}

/** What must be written there and can't be. '' is the directory itself. */
export function unwritableIn(path: string): string[] {
  return [...refusalsToWrite(path).keys()];
}

function refusalsToWrite(path: string): Map<string, NodeJS.ErrnoException> {
  const refusals = new Map<string, NodeJS.ErrnoException>();
  for (const file of WRITTEN) {
    const refusal = refusalToAccess(join(path, file), constants.W_OK);
    if (refusal !== undefined) refusals.set(file, refusal);
  }
  return refusals;
}

export function readPids(path: string): number[] {
  // A threaded cgroup does not list processes (EOPNOTSUPP).
  return parsePids(readIfPresent(join(path, 'cgroup.procs')) ?? '');
}

/** Whether a cgroup has children. */
export function hasChildren(path: string, except?: string): boolean {
  return readdirSync(path, { withFileTypes: true }).some((entry) => entry.isDirectory() && entry.name !== except);
}

function readMark(path: string, name: string): string | null {
  try {
    return loadNative().readAttribute({ path, name });
  } catch {
    return null;
  }
}

/** `max`, or `max 100000` in cpu.max, is no limit. */
function isLimit(text: string | undefined): boolean {
  return text !== undefined && !text.startsWith('max');
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENODEV' || code === 'EOPNOTSUPP' || code === 'EACCES';
}

/**
 * The error with which the kernel would refuse to open a path; undefined if it would not. Judges by the
 * effective ids, as an open does. Node's own function takes the real ones, and where the addon does not load no cgroup
 * is made anyway.
 *
 * @param mode W_OK and the like of node:fs
 */
export function refusalToAccess(path: string, mode: number): NodeJS.ErrnoException | undefined {
  const isLoaded = canLoad();
  try {
    if (isLoaded) loadNative().checkAccess({ path, mode });
    else accessSync(path, mode);
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}
