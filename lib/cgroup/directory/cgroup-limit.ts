import { dirname } from 'node:path';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import { readIfAllowed } from '../../common/machine/proc';
import { detectContainer } from '../names/container';

/** A limit on cgroups themselves (v2), see cgroup.max.descendants and cgroup.max.depth in the cgroup v2 document. */
interface CgroupLimit {
  /** The interface file. */
  path: string;
  value: string;
  /** What it allows, as a clause. */
  reason: string;
  /** Whether nothing above the cgroup can be seen from here. */
  isTop: boolean;
}

/** What the kernel answered. */
interface RefusedMkdir {
  errno?: number | undefined;
  syscall?: string | undefined;
  cause: unknown;
}

/**
 * The error for mkdir(2) of a cgroup that failed with EAGAIN, for which the kernel has one reason: a limit on the number
 * or the depth of cgroups, here or above.
 *
 * @param path of the cgroup that could not be made
 */
export function cgroupLimitError(path: string, { errno, syscall, cause }: RefusedMkdir): MemcageError {
  const limit = findLimit(dirname(path));
  const reason =
    limit?.reason ?? 'a limit on the number or the depth of cgroups is reached, above what can be seen here';
  return new MemcageError(ErrorCode.CGROUP_LIMIT, words`Can't create ${path}: ${reason}${CURE}${cureFor(limit)}`, {
    errno,
    syscall,
    path: limit?.path ?? path,
    value: limit?.value,
    cause,
  });
}

/** The limit that keeps a cgroup from being made in `parent`; undefined if it was raised meanwhile, or is hidden. */
function findLimit(parent: string): CgroupLimit | undefined {
  let level = 1;
  for (let at = parent; ; at = dirname(at), level += 1) {
    const descendants = readNumber(`${at}/cgroup.max.descendants`);
    const depth = readNumber(`${at}/cgroup.max.depth`);
    // The root of the hierarchy has neither file.
    if (descendants === undefined || depth === undefined) return undefined;
    // Above the mount point there are no cgroups. The root of the whole hierarchy is one, though without a limit.
    const isTop = readIfAllowed(`${dirname(at)}/cgroup.procs`) === undefined;
    const count = countBelow(at);
    if (count >= descendants) {
      const path = `${at}/cgroup.max.descendants`;
      const reason = `${path} is ${descendants}, and there are ${count} cgroups below it`;
      return { path, value: String(descendants), reason, isTop };
    }
    if (level > depth) {
      const path = `${at}/cgroup.max.depth`;
      return {
        path,
        value: String(depth),
        reason: `${path} is ${depth}, and it would be ${level} levels below`,
        isTop,
      };
    }
  }
}

/** In a cgroup namespace with `nsdelegate`, the files of its root can be written only from outside. */
function cureFor(limit: CgroupLimit | undefined): string {
  if (limit === undefined)
    return 'let whoever manages the cgroups above raise their cgroup.max.descendants or cgroup.max.depth';
  const { path, isTop } = limit;
  const file = path.slice(path.lastIndexOf('/') + 1);
  const container = detectContainer();
  if (!isTop || container === undefined) return `let root run "echo max > ${path}"`;
  const outside = `write "max" to ${file} of the container's cgroup, from outside`;
  if (container.kind === 'podman') return `start the container with --cgroup-conf=${file}=max; or ${outside}`;
  return `${outside}; whoever starts the container has set it ("unified" in the OCI runtime's configuration)`;
}

function countBelow(path: string): number {
  return Number(/^nr_descendants (\d+)$/m.exec(readIfAllowed(`${path}/cgroup.stat`) ?? '')?.[1] ?? 0);
}

function readNumber(path: string): number | undefined {
  const text = readIfAllowed(path)?.trim();
  if (text === undefined) return undefined;
  return text === 'max' ? Number.POSITIVE_INFINITY : Number(text);
}
