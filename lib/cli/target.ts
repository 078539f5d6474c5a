import { existsSync } from 'node:fs';
import { findCgroup } from '../cgroup/containers/find';
import { isGone } from '../cgroup/directory/refusal';
import { Cgroup } from '../cgroup/handle/cgroup';
import { host } from '../cgroup/hierarchy/host';
import { parseCgroupName } from '../cgroup/names/cgroup-name';
import { ErrorCode, MemcageError } from '../errors/errors';
import { findCage, isCageLabel } from '../inventory/label';
import type { Operands } from './command';

/** As `synopsis` has what {@link findTarget} takes. */
export const TARGET = 'CGROUP|PID|CONTAINER';

/** For commands about one cgroup. */
export const oneTarget = (least: 0 | 1): Operands => ({
  name: 'cgroup',
  least,
  most: 1,
  suggest: 'cgroup',
});

/** A container as `memcage top` names it. */
const NAMED = /^(?:docker|podman|containerd|cri-o|pod|lxc|machine|unknown):(.+)$/;

/**
 * The cgroup that a word of the command line means: a path, also as the kernel has it, below the root of the hierarchy; the
 * pid of a process in it; what `memcage top` calls it; or what `Cgroup.find` takes.
 */
export function findTarget(word: string | undefined): Cgroup {
  if (word === undefined) return Cgroup.self();
  if (word.startsWith('/')) return Cgroup.open(pathOf(word));
  if (isCageLabel(word)) return Cgroup.open(findCage(word));
  return /^\d{1,10}$/.test(word) ? findByDigits(word) : Cgroup.find(NAMED.exec(word)?.[1] ?? word);
}

function pathOf(word: string): string {
  if (existsSync(word)) return word;
  const { memory, memoryElsewhere } = host();
  const paths = [memory, ...memoryElsewhere].map(({ mountPoint }) => `${mountPoint}${word}`);
  return paths.find((path) => existsSync(path)) ?? word;
}

/** A pid, or the beginning of a container's id that happens to have digits only. */
function findByDigits(word: string): Cgroup {
  try {
    return Cgroup.of(Number(word));
  } catch (error) {
    const container = isNoProcess(error) ? findContainer(word) : undefined;
    if (container !== undefined) return container;
    if (!isNoProcess(error)) throw error;
    throw new Error(`There is no process ${word}, and no container has such an id or name`);
  }
}

function isNoProcess(error: unknown): boolean {
  return isGone(error) || (error as { code?: unknown }).code === ErrorCode.INVALID_ARGUMENT;
}

/** Not any cgroup of that name: cages are called by numbers, and a process that has just ended is not to mean one of those. */
function findContainer(word: string): Cgroup | undefined {
  const isContainer = (path: string): boolean => parseCgroupName(path) !== undefined;
  try {
    const path = findCgroup(host(), word);
    return isContainer(path) ? Cgroup.open(path) : undefined;
  } catch (error) {
    if (isGone(error)) return undefined;
    if (error instanceof MemcageError && error.paths?.some(isContainer) === false) return undefined;
    throw error;
  }
}
