import type { ControllerName } from '../../cgroup/controllers/controller-name';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { parseNames } from '../../cgroup/files/formats';
import { ErrorCode, MemcageError } from '../../errors/errors';
import { noteEnabled } from '../../placement/make-ready';
import { refusedParent } from './refused-parent';
import type { ControllerHome, RootControllers, RootParts } from './root-controllers';

const SUBTREE_CONTROL = 'cgroup.subtree_control';

/** On v2 all controllers of a cgroup are in its one directory, once the cgroups above enable them. */
export class ControllersV2 implements RootControllers {
  readonly isGone = false;
  readonly #enabled = new Set<ControllerName>();

  constructor(private readonly root: Pick<RootParts, 'parent' | 'memory'>) {}

  homes(names: readonly ControllerName[]): ControllerHome[] {
    const { parent, memory } = this.root;
    const missing = names.filter((name) => !this.#enabled.has(name));
    if (missing.length > 0) {
      const enabled = enable(parent, missing);
      // So that they are disabled again where memcage gives back the parent.
      if (enabled.length > 0) noteEnabled(parent.path, enabled);
      enable(memory, missing);
      for (const name of missing) this.#enabled.add(name);
    }
    return names.length === 0 ? [] : [{ controllers: names, directory: memory, inMemory: true }];
  }

  enableBelow(memory: CgroupDirectory, names: readonly ControllerName[]): void {
    enable(memory, names);
  }

  /** The cage is made in the parent, which has them enabled then. */
  makeDetached(names: readonly ControllerName[]): ControllerHome[] {
    return this.homes(names);
  }

  remove(): void {}
}

/** Enables controllers for the cgroups below, and returns those that were not. */
function enable(directory: CgroupDirectory, names: readonly ControllerName[]): ControllerName[] {
  const enabled = parseNames(directory.read(SUBTREE_CONTROL));
  const wanted = names.filter((name) => !enabled.includes(name));
  if (wanted.length === 0) return [];
  const available = parseNames(directory.read('cgroup.controllers'));
  const missing = wanted.find((name) => !available.includes(name));
  if (missing !== undefined) throw notDelegated(missing, directory.path);
  try {
    directory.write(SUBTREE_CONTROL, wanted.map((name) => `+${name}`).join(' '));
  } catch (error) {
    throw refusedParent(directory.path, error);
  }
  return wanted;
}

function notDelegated(name: ControllerName, path: string): MemcageError {
  const cure =
    `enable it in the cgroups above (echo +${name} > DIRECTORY/${SUBTREE_CONTROL}, as root); under systemd, ` +
    `Delegate=yes in the unit, or Delegate=memory pids cpu cpuset for user@.service`;
  return new MemcageError(
    ErrorCode.NO_CONTROLLER,
    `The limit can't be had in ${path}: the ${name} controller is not available there. Cure: ${cure}`,
    { path, cure },
  );
}
