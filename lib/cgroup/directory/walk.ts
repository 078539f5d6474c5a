import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { CgroupDirectory } from './directory';
import { refusedWith } from './refusal';

/** Far more memory cgroups than a kernel can have (65,535). */
const MAX_DIRECTORIES = 200_000;

/** What a walk needs from a directory. */
export interface Walkable<D> {
  readonly path: string;
  children(): string[];
  below(name: string): D;
}

/**
 * The cgroups below one, level by level. Cgroups come and go meanwhile: one that vanishes, or can't be listed, is
 * skipped with those below it. So is one whose path is longer than the kernel accepts (PATH_MAX), so that deep
 * nesting can't hide all others.
 *
 * @param levels how many levels to go down. Default: all
 * @throws MemcageError `ERR_MEMCAGE_BUSY` if there are more than `maximum`
 */
export function* cgroupsBelow<D extends Walkable<D>>(
  top: D,
  { levels = Number.POSITIVE_INFINITY, maximum = MAX_DIRECTORIES } = {},
): Generator<{ directory: D; level: number }> {
  let current = [top];
  let seen = 0;
  for (let level = 1; level <= levels && current.length > 0; level += 1) {
    const next: D[] = [];
    for (const parent of current) {
      for (const name of childrenOf(parent)) {
        seen += 1;
        if (seen > maximum) throw tooMany(top.path, maximum);
        const directory = parent.below(name);
        yield { directory, level };
        next.push(directory);
      }
    }
    current = next;
  }
}

/** The cgroups below one, each anchored at itself for the caller to close. The caller may close `directory` meanwhile. */
export function* anchoredBelow(directory: CgroupDirectory): Generator<CgroupDirectory, void, undefined> {
  const top = directory.anchored();
  try {
    top.children();
    // For a removed cgroup, the kernel lists nothing and reports no error.
    top.checkExists();
    for (const { directory: below } of cgroupsBelow(top)) {
      const anchored = passingOver(() => below.anchored());
      if (anchored !== undefined) yield anchored;
    }
  } finally {
    top.close();
  }
}

function childrenOf(directory: Walkable<unknown>): string[] {
  return passingOver(() => directory.children()) ?? [];
}

/** Undefined if the cgroup to read is gone, or its path can't be used. */
export function passingOver<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isPassedOver(error)) return undefined;
    throw error;
  }
}

/** Whether the error means that a cgroup is gone, is not accessible to this process, or has too long a path. */
export function isPassedOver(error: unknown): boolean {
  if (refusedWith(error, 'ENAMETOOLONG', 'EACCES')) return true;
  return (
    error instanceof MemcageError && (error.code === ErrorCode.NO_CGROUP || error.code === ErrorCode.NO_PERMISSION)
  );
}

function tooMany(path: string, maximum: number): MemcageError {
  return new MemcageError(
    ErrorCode.BUSY,
    `There are more than ${maximum} cgroups below ${path}: name one by its path`,
    {
      path,
    },
  );
}
