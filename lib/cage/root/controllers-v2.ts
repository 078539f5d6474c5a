import { dirname } from 'node:path';
import type { ControllerName } from '../../cgroup/controllers/controller-name';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { parseNames } from '../../cgroup/files/formats';
import { inDirectory } from '../../cgroup/hierarchy/host';
import { isCageCgroup, kindOf } from '../../cgroup/names/own-names';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { refusedParent } from './refused-parent';
import type { ControllerHome, RootControllers, RootParts } from './root-controllers';

const SUBTREE_CONTROL = 'cgroup.subtree_control';

type Name = ControllerName | 'memory';

/** On v2 all controllers of a cgroup are in its one directory, once the cgroups above enable them. */
export class ControllersV2 implements RootControllers {
  readonly #enabled = new Set<ControllerName>();

  constructor(private readonly root: Pick<RootParts, 'parent' | 'memory'>) {}

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

/**
 * Enables controllers for the cgroups below. Where memcage gives back a cgroup, it disables them: `make-ready.ts`.
 *
 * @returns false if all were enabled
 */
function enable(directory: CgroupDirectory, names: readonly Name[]): boolean {
  const enabled = parseNames(directory.read(SUBTREE_CONTROL));
  const wanted = names.filter((name) => !enabled.includes(name));
  if (wanted.length === 0) return false;
  const isMissing = (name: Name): boolean => !parseNames(directory.read('cgroup.controllers')).includes(name);
  const missing = wanted.filter(isMissing);
  if (missing.length > 0) enableAbove(directory.path, missing);
  const stillMissing = missing.find(isMissing);
  if (stillMissing !== undefined) throw notDelegated(stillMissing, directory.path);
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
    `The limit can't be had in ${path}: the ${name} controller is not available there. Cure: ${cure}`,
    { path, cure },
  );
}
