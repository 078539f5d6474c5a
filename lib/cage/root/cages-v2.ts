import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { parseNames } from '../../cgroup/files/formats';
import { type Host, host, processDirectory } from '../../cgroup/hierarchy/host';
import type { Hierarchy } from '../../cgroup/hierarchy/mounts';
import { whyNotWritable } from '../../cgroup/placement/given-parent';
import { readPids } from '../../cgroup/placement/parent-facts';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { AncestorsV2 } from '../oom/ancestors-v2';
import type { CageVersion } from './cage-version';
import { ControllersV2 } from './controllers-v2';
import { explainDelegation, foreseenRefusal, onlyCandidate, refusedParent } from './refused-parent';

const SUBTREE_CONTROL = 'cgroup.subtree_control';

/** On v2 a cage cgroup is its own kill cgroup. */
export const CAGES_V2: CageVersion = {
  enableLimitsBelow: enableMemory,
  foreseeLimitsBelow: foreseeMemory,
  foreseeJoin,
  // Every limit of v2 does.
  holdBelow() {},
  becomeParent: (memory) => memory.write(SUBTREE_CONTROL, '+memory'),
  makeKillCgroup: () => undefined,
  openControllers: (root) => new ControllersV2(root),
  sweepKillHierarchies: async () => {},
  surroundingsOf: (root, host) => ({ version: 2, cages: [], ancestors: new AncestorsV2(root.path, host) }),
};

/** Enables the memory controller for the cgroups below. */
function enableMemory(directory: CgroupDirectory): void {
  const current = host();
  if (hasEnabled(directory, current)) return;
  try {
    directory.write(SUBTREE_CONTROL, '+memory');
  } catch (error) {
    // "No internal process constraint" in the cgroup v2 document.
    if (!(error instanceof MemcageError) || error.code !== ErrorCode.BUSY) throw refusedParent(directory.path, error);
    throw hasProcesses(directory, current, error);
  }
}

function foreseeMemory(directory: CgroupDirectory, host: Host): void {
  if (hasEnabled(directory, host)) return;
  const { path } = directory;
  const code = whyNotWritable(join(path, SUBTREE_CONTROL));
  if (code !== undefined) throw foreseenRefusal(path, code, 'openat2', host);
  // The root, which has no such file, may have processes.
  if (directory.has('cgroup.type') && readPids(path).length > 0) throw hasProcesses(directory, host);
}

/** "Delegation Containment" in the cgroup v2 document. */
function foreseeJoin({ path }: CgroupDirectory, { memory }: Host): void {
  const own = ownDirectory(memory);
  if (own === undefined) return;
  const common = nearestAround(path, own);
  if (whyNotWritable(join(common, 'cgroup.procs')) !== 'EACCES') return;
  throw new MemcageError(ErrorCode.NO_PERMISSION, explainDelegation(path), {
    errno: -constants.errno.EACCES,
    syscall: 'clone3',
    stage: 'clone',
  });
}

/** Undefined if no mount shows it: then its surroundings can't be seen either. */
function ownDirectory(memory: Hierarchy): string | undefined {
  try {
    return processDirectory(memory, 'self');
  } catch (error) {
    if (error instanceof MemcageError && error.code === ErrorCode.NO_PARENT) return undefined;
    throw error;
  }
}

/** The nearest directory that is, or is around, both. */
function nearestAround(path: string, other: string): string {
  let at = path;
  while (at !== other && !other.startsWith(at === '/' ? at : `${at}/`)) at = dirname(at);
  return at;
}

/** Throws where it can't be enabled at all. */
function hasEnabled(directory: CgroupDirectory, current: Host): boolean {
  if (parseNames(directory.read(SUBTREE_CONTROL)).includes('memory')) return true;
  if (parseNames(directory.read('cgroup.controllers')).includes('memory')) return false;
  throw unusable(directory, 'the memory controller is not delegated to it', current);
}

function hasProcesses(directory: CgroupDirectory, current: Host, cause?: unknown): MemcageError {
  const refusal = "it has processes of its own, so it can't give the memory controller to cgroups below it";
  return unusable(directory, refusal, current, cause);
}

function unusable({ path }: CgroupDirectory, refusal: string, current: Host, cause?: unknown): MemcageError {
  return new MemcageError(ErrorCode.NO_PARENT, `Cages can't be made in ${path}: ${refusal}`, {
    path,
    candidates: onlyCandidate(path, { refusal }, current),
    cause,
  });
}
