import type { MemoryChange } from '../../../types/options';
import { loadNative } from '../../common/addon/load-native';
import { invalidArgument } from '../../common/errors/argument-errors';
import { ALIASES } from '../../common/options/accepted-options';
import { checkOptions } from '../../common/options/option-names';
import type { CgroupDirectory } from '../directory/directory';
import { host } from '../hierarchy/host';
import type { ResolvedLimits } from '../limits/cage-limits';
import { changeLimits } from '../limits/leaf-limits';
import { holdBelow } from '../limits/limit-files';
import { resolveLimits } from '../limits/resolve-limits';
import { defaultParent } from '../placement/default-parent';
import { removeTree, undo } from '../processes/remove-cgroup';
import { openChecked, openGiven, parentPath } from './open-given';

const OF = 'Cgroup.create';

/** Checks the arguments of `Cgroup.create()`, but for `parent`. */
export function checkCreation(
  name: unknown,
  options: unknown,
): { limits: ResolvedLimits | undefined; parent: unknown } {
  checkName(name);
  const { memory, parent } = checkOptions(options, { of: OF, known: ['memory', 'parent'], aliases: ALIASES });
  const { pageSize } = loadNative().constants;
  const limits =
    memory === undefined ? undefined : resolveLimits(memory as MemoryChange, { of: OF, pageBytes: pageSize });
  return { limits, parent };
}

/** Opens the cgroup in which another is to be made. */
export function openParent(parent: unknown): CgroupDirectory {
  return parent === undefined ? openChecked(defaultParent(host()).path) : openGiven(parentPath(parent));
}

/** Makes a cgroup, anchored at itself, and closes `parent`. If that fails, nothing of it is left. */
export function makeCgroup(parent: CgroupDirectory, name: string, limits: ResolvedLimits | undefined): CgroupDirectory {
  try {
    const directory = parent.below(name);
    directory.make();
    return prepared(directory, limits);
  } finally {
    parent.close();
  }
}

function prepared(directory: CgroupDirectory, limits: ResolvedLimits | undefined): CgroupDirectory {
  const { version } = host();
  let made: CgroupDirectory | undefined;
  try {
    if (version === 1) holdBelow(directory);
    made = directory.anchored();
    if (limits !== undefined) changeLimits(made, version, limits);
    return made;
  } catch (error) {
    made?.close();
    undo(() => removeTree(directory));
    throw error;
  }
}

function checkName(name: unknown): asserts name is string {
  const valid =
    typeof name === 'string' &&
    name !== '' &&
    name !== '.' &&
    name !== '..' &&
    !/[/\0\n]/.test(name) &&
    name.length < 256;
  if (!valid) throw invalidArgument('name', 'the name of a directory, without "/", newlines and NUL bytes', name);
}
