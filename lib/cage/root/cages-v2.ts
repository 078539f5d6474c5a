import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import type { ControllerName } from '../../cgroup/controllers/controller-name';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { parseNames } from '../../cgroup/files/formats';
import { type Host, host, inDirectory, ownPath } from '../../cgroup/hierarchy/host';
import { isCageCgroup, kindOf } from '../../cgroup/names/own-names';
import { whyNotWritable } from '../../cgroup/placement/given-parent';
import { readPids } from '../../cgroup/placement/parent-facts';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import { AncestorsV2 } from '../oom/ancestors-v2';
import { OomMonitorV2 } from '../oom/monitor-v2';
import type { CageVersion, ControllerHome, RootControllers, RootDirectories } from './cage-version';
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
  foreseeKillCgroup: () => undefined,
  foreseeControllers(names, { host, parent }) {
    if (parent !== undefined) foreseeEnabling(parent, names, host);
  },
  processorsAround: ({ parent }) => parent?.path,
  openControllers: (root) => new ControllersV2(root),
  sweepKillHierarchies: async () => {},
  openAncestors: (root, host) => new AncestorsV2(root.path, host),
  openMonitor: (memory, surroundings) => new OomMonitorV2(memory, surroundings),
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
  const own = ownPath(memory);
  // Without a mount that shows it, its surroundings can't be seen either.
  if (own === undefined) return;
  const common = nearestAround(path, own);
  if (whyNotWritable(join(common, 'cgroup.procs')) !== 'EACCES') return;
  throw new MemcageError(ErrorCode.NO_PERMISSION, explainDelegation(path), {
    errno: -constants.errno.EACCES,
    syscall: 'clone3',
    stage: 'clone',
  });
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

type Name = ControllerName | 'memory';

/** On v2 all controllers of a cgroup are in its one directory, once the cgroups above enable them. */
class ControllersV2 implements RootControllers {
  readonly #enabled = new Set<ControllerName>();

  constructor(private readonly root: Pick<RootDirectories, 'parent' | 'memory'>) {}

  get isGone(): boolean {
    try {
      const enabled = parseNames(this.root.memory.read(SUBTREE_CONTROL));
      return ['memory', ...this.#enabled].some((name) => !enabled.includes(name));
    } catch (error) {
      if (error instanceof MemcageError) return true;
      throw error;
    }
  }

  homes(names: readonly ControllerName[]): ControllerHome[] {
    const { parent, memory } = this.root;
    const missing = names.filter((name) => !this.#enabled.has(name));
    if (missing.length > 0) {
      enable(parent, missing);
      enable(memory, missing);
      for (const name of missing) this.#enabled.add(name);
    }
    return names.length === 0 ? [] : [{ controllers: names, directory: memory, inMemory: true }];
  }

  enableBelow(memory: CgroupDirectory, names: readonly Name[]): boolean {
    return enable(memory, names);
  }

  /** The cage is made in the parent, which has them enabled then. */
  makeDetached(names: readonly ControllerName[]): ControllerHome[] {
    return this.homes(names);
  }

  remove(): void {}
}

/** Throws what {@link enable} would throw. Of processes that are in the cgroup it says nothing: they are about to leave. */
function foreseeEnabling(directory: CgroupDirectory, names: readonly Name[], host: Host): void {
  const { wanted, missing } = lackingIn(directory, names);
  const [first] = missing;
  if (first !== undefined) {
    if (kindOf(directory.path) !== 'self') throw notDelegated(first, directory.path);
    inDirectory(dirname(directory.path), (above) => foreseeEnabling(above, missing, host));
  }
  const code = wanted.length === 0 ? undefined : whyNotWritable(join(directory.path, SUBTREE_CONTROL));
  if (code !== undefined) throw foreseenRefusal(directory.path, code, 'openat2', host);
}

/** Those that cgroups below don't have, and those among them that the cgroup itself does not have. */
function lackingIn(directory: CgroupDirectory, names: readonly Name[]): { wanted: Name[]; missing: Name[] } {
  const enabled = parseNames(directory.read(SUBTREE_CONTROL));
  const wanted = names.filter((name) => !enabled.includes(name));
  if (wanted.length === 0) return { wanted, missing: [] };
  const available = parseNames(directory.read('cgroup.controllers'));
  return { wanted, missing: wanted.filter((name) => !available.includes(name)) };
}

/**
 * Enables controllers for the cgroups below. Where memcage gives back a cgroup, it disables them: `make-ready.ts`.
 *
 * @returns false if all were enabled
 */
function enable(directory: CgroupDirectory, names: readonly Name[]): boolean {
  const { wanted, missing } = lackingIn(directory, names);
  if (wanted.length === 0) return false;
  if (missing.length > 0) {
    enableAbove(directory.path, missing);
    const [stillMissing] = lackingIn(directory, missing).missing;
    if (stillMissing !== undefined) throw notDelegated(stillMissing, directory.path);
  }
  try {
    directory.write(SUBTREE_CONTROL, wanted.map((name) => `+${name}`).join(' '));
  } catch (error) {
    throw refusedParent(directory.path, error);
  }
  return true;
}

/** A memcage of this process has moved it into a cgroup of its own, and enabled no more than was needed then. */
function enableAbove(path: string, names: readonly Name[]): void {
  if (kindOf(path) === 'self') inDirectory(dirname(path), (above) => enable(above, names));
}

function notDelegated(name: Name, path: string): MemcageError {
  const cure = isCageCgroup(path)
    ? `make the cage around with such a limit, if only ${name === 'pids' ? "pids: 'max'" : "cpu: 'max'"}`
    : `enable it in the cgroups above (echo +${name} > DIRECTORY/${SUBTREE_CONTROL}, as root); under systemd, ` +
      `Delegate=yes in the unit, or Delegate=memory pids cpu cpuset for user@.service`;
  return new MemcageError(
    ErrorCode.NO_CONTROLLER,
    words`The limit can't be had in ${path}: the ${name} controller is not available there${CURE}${cure}`,
    { path },
  );
}
