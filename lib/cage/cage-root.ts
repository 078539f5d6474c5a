import { isMainThread } from 'node:worker_threads';
import { loadNative } from '../addon/load-native';
import type { CgroupDirectory } from '../cgroup/directory/directory';
import { parseNames } from '../cgroup/files/formats';
import { memoryFile } from '../cgroup/files/roles';
import { type Host, host, openDirectory, swapOn } from '../cgroup/hierarchy/host';
import type { LimitContext } from '../cgroup/limits/limit-plan';
import type { KillCgroup } from '../cgroup/processes/kill-cgroup';
import { ErrorCode, MemcageError } from '../errors/errors';
import { wantsGuardian } from '../launcher/guardian';
import { AncestorsV1 } from '../oom/ancestors-v1';
import { AncestorsV2 } from '../oom/ancestors-v2';
import { closeKillLog } from '../oom/kill-log';
import type { OomSurroundings } from '../oom/surroundings';
import { defaultParent, giveBackParent } from '../placement/default-parent';
import { makeBeside, makeRootKillCgroup, type RootKillCgroup, sweepKillHierarchies } from './kill-hierarchy';
import { makeLocked, noParent, release } from './locked-directory';
import { DETACHED_PREFIX, OWNER_PREFIX, sweep } from './sweep';
import { sweepInSteps } from './sweep-in-steps';

/** The directory in which one environment (main thread or worker) makes its cages, and what it knows of the place. */
export interface CageRoot {
  readonly limitContext: Omit<LimitContext, 'current'>;
  readonly memory: CgroupDirectory;
  readonly killCgroup: KillCgroup | undefined;
  readonly surroundings: OomSurroundings;
  /** What is in its cages ends with this process, whatever ends that. */
  readonly hasGuardian: boolean;
  /** A name that no cage of this owner has or had. */
  nextName(): string;
  /** A locked cgroup beside the owner's own, for a cage that outlives it. */
  makeDetached(): { memory: CgroupDirectory; killCgroup: KillCgroup | undefined };
  /** A cage uses the owner's fds; returns the end of that. */
  hold(): () => void;
  /** Someone has removed the directory: give back the fds as soon as no cage uses them. */
  abandon(): void;
  /** Call `callback` when no more cages are to be made, while there are fds. */
  onEnd(callback: () => void): void;
  /** Remove the owner's directory, blocking. For the end of the environment. */
  remove(): void;
}

const cageRoots = new Map<string, CageRoot>();
let hooked = false;

/**
 * Make something with the owner of a place: a memory cgroup in which it has a directory. The first owner in each place
 * sweeps it.
 *
 * @param parent path of its directory; default: what `lib/cgroup/parent` finds
 */
export function withCageRoot<T>(parent: string | undefined, make: (owner: CageRoot) => T): T {
  const current = host();
  const path = parent ?? defaultParent(current).path;
  try {
    return make(cageRootAt(current, path));
  } catch (error) {
    if (!(error instanceof MemcageError) || error.code !== ErrorCode.CGROUP_GONE) throw error;
  }
  // Someone removed what was made ahead of time, or even our own directory, which is empty without cages.
  abandonGone();
  return make(cageRootAt(current, path));
}

/** Make the owner of a place ahead of time; what dead ones have left there, be it much, does not hold up the event loop. */
export async function prepareCageRoot(path: string): Promise<void> {
  const current = host();
  if (!cageRoots.has(path)) {
    // The kill cgroups first: there processes can be killed all at once.
    if (current.version === 1) await sweepKillHierarchies(current);
    await sweepInSteps(path, undefined);
  }
  withCageRoot(path, () => {});
}

function cageRootAt(current: Host, path: string): CageRoot {
  let owner = cageRoots.get(path);
  if (owner === undefined) {
    abandonGone();
    owner = makeCageRoot(current, path);
    if (!hooked) process.once('exit', removeCageRoots);
    hooked = true;
    cageRoots.set(path, owner);
  }
  return owner;
}

/** A program may use and remove one parent after the other. */
function abandonGone(): void {
  for (const [path, owner] of cageRoots) {
    if (owner.memory.exists() && owner.killCgroup?.directory.exists() !== false) continue;
    cageRoots.delete(path);
    owner.abandon();
  }
}

function removeCageRoots(): void {
  const all = [...cageRoots.values()];
  // First: what is removed twice would close fds that are someone else's by then.
  cageRoots.clear();
  for (const owner of all) owner.remove();
  closeKillLog();
  giveBackParent();
  if (isMainThread) loadNative().dismissGuardian();
}

function makeCageRoot(current: Host, path: string): CageRoot {
  const parent = openParent(path);
  let memory: CgroupDirectory | undefined;
  let killCgroup: RootKillCgroup | undefined;
  try {
    if (current.version === 2) enableMemory(parent);
    sweep(parent, undefined);
    const hasGuardian = wantsGuardian();
    const kind = current.version === 2 ? 'unified' : 'memory';
    memory = makeLocked(parent, OWNER_PREFIX, hasGuardian ? kind : undefined);
    if (current.version === 1) killCgroup = makeRootKillCgroup(current, hasGuardian);
    return assembleCageRoot({ current, parent, memory, killCgroup, hasGuardian });
  } catch (error) {
    if (killCgroup !== undefined) release(killCgroup.directory);
    if (memory !== undefined) release(memory);
    parent.close();
    throw error;
  }
}

interface Parts {
  current: Host;
  parent: CgroupDirectory;
  memory: CgroupDirectory;
  killCgroup: RootKillCgroup | undefined;
  hasGuardian: boolean;
}

const TCP_LIMIT = memoryFile('tcp', 1);

function assembleCageRoot({ current, parent, memory, killCgroup, hasGuardian }: Parts): CageRoot {
  const { version } = current;
  if (version === 2) enableMemory(memory);
  const swapFile = version === 1 ? 'memory.memsw.limit_in_bytes' : 'memory.swap.max';
  const limitContext = {
    version,
    swapAccounting: memory.has(swapFile),
    tcpAccounting: memory.has(TCP_LIMIT),
    swapOn: swapOn(),
    pageBytes: memory.native.constants.pageSize,
  };
  // Last: nothing after it can fail.
  const surroundings: OomSurroundings =
    version === 1
      ? { version, cages: [], ancestors: new AncestorsV1(memory) }
      : { version, cages: [], ancestors: new AncestorsV2(parent.path, current) };
  let names = 0;
  let holders = 0;
  const ends: (() => void)[] = [];
  let isAbandoned = false;
  const end = (): void => {
    for (const callback of ends.splice(0)) callback();
  };
  const remove = (): void => {
    end();
    if (version === 1) surroundings.ancestors.close();
    if (killCgroup !== undefined) release(killCgroup.directory);
    release(memory);
    if (version === 2) surroundings.ancestors.close();
    parent.close();
  };
  return {
    limitContext,
    memory,
    killCgroup,
    hasGuardian,
    surroundings,
    nextName() {
      names += 1;
      return String(names);
    },
    makeDetached() {
      const made = makeLocked(parent, DETACHED_PREFIX, hasGuardian ? 'detached' : undefined);
      try {
        return { memory: made, killCgroup: killCgroup && makeBeside(killCgroup, DETACHED_PREFIX, hasGuardian) };
      } catch (error) {
        release(made);
        throw error;
      }
    },
    hold() {
      holders += 1;
      return () => {
        holders -= 1;
        if (isAbandoned && holders === 0) remove();
      };
    },
    onEnd: (callback) => void ends.push(callback),
    abandon() {
      end();
      isAbandoned = true;
      if (holders === 0) remove();
    },
    remove,
  };
}

function openParent(path: string): CgroupDirectory {
  try {
    return openDirectory(path);
  } catch (error) {
    throw noParent(path, error);
  }
}

/** Make the memory controller available to the cgroups below (v2). */
function enableMemory(directory: CgroupDirectory): void {
  const file = 'cgroup.subtree_control';
  if (parseNames(directory.read(file)).includes('memory')) return;
  if (!parseNames(directory.read('cgroup.controllers')).includes('memory')) {
    throw new MemcageError(ErrorCode.NO_PARENT, `The memory controller is not delegated to ${directory.path}`, {
      path: directory.path,
    });
  }
  try {
    directory.write(file, '+memory');
  } catch (error) {
    // "No internal process constraint" in the cgroup v2 document.
    if (!(error instanceof MemcageError) || error.code !== ErrorCode.BUSY) throw noParent(directory.path, error);
    throw new MemcageError(
      ErrorCode.NO_PARENT,
      `${directory.path} has processes of its own, so it can't give the memory controller to cgroups below it`,
      { path: directory.path, cause: error },
    );
  }
}
