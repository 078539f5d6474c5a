import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { isGone } from '../../cgroup/directory/refusal';
import { type CgroupVersion, parseValue } from '../../cgroup/files/formats';
import { openDirectory } from '../../cgroup/hierarchy/host';
import { readMemoryFile } from '../../cgroup/limits/limit-files';
import { isCageCgroup } from '../../cgroup/names/own-names';
import type { OomFacts } from '../../common/text/oom-words';

/** Whose limit killed, in the words of a verdict. The index is that among the cages around, or the ancestors, nearest first. */
export type Whose =
  | { cause: 'limit' | 'descendant' | 'system' | 'unknown' }
  | { cause: 'cage' | 'ancestor'; index: number };

/** The limit that killed, and the cgroup that has it. */
export type KillingLimit = Pick<OomFacts, 'cause' | 'limitBytes' | 'path'>;

/** The limit of a cgroup as it is now. `limitBytes` is null if there is none any more. */
export function killingLimit(
  cause: OomFacts['cause'],
  directory: CgroupDirectory,
  version: CgroupVersion,
): KillingLimit {
  return { cause, limitBytes: bytesOf(directory, version), path: directory.path };
}

/** The limit of an ancestor, which may be a cage of another memcage, in which this process itself runs. */
export function limitOfAncestor(directory: CgroupDirectory, version: CgroupVersion): KillingLimit {
  return killingLimit(ancestorCause(directory.path), directory, version);
}

/** The limit of the ancestor with that path. `limitBytes` is null also if memcage may not read it. */
export function limitOfAncestorAt(path: string, version: CgroupVersion): KillingLimit {
  let directory: CgroupDirectory | undefined;
  try {
    directory = openDirectory(path);
    return limitOfAncestor(directory, version);
  } catch {
    return { cause: ancestorCause(path), limitBytes: null, path };
  } finally {
    directory?.close();
  }
}

function ancestorCause(path: string): OomFacts['cause'] {
  return isCageCgroup(path) ? 'cage' : 'ancestor';
}

/** For a limit that can't be found, or that no cgroup has. */
export function nowhere(cause: OomFacts['cause']): KillingLimit {
  return { cause, limitBytes: null, path: null };
}

function bytesOf(directory: CgroupDirectory, version: CgroupVersion): number | null {
  try {
    const bytes = readMemoryFile(directory, version, 'max') ?? Number.POSITIVE_INFINITY;
    return bytes === Number.POSITIVE_INFINITY ? null : bytes;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** The most that the kernel charges at once when it makes a process: its stack. */
const LARGEST_CHARGE_BYTES = 16 * 1024;

/**
 * Whether a limit was hit: the kernel counted failures, or the use was as high as the limit. Linux 6.18 counts no
 * failure if memsw equals the limit and is hit first.
 */
export function wasHit(directory: CgroupDirectory): boolean {
  const limit = readValue(directory, 'memory.limit_in_bytes');
  if (limit === Number.POSITIVE_INFINITY) return false;
  const counts = ['memory.failcnt', 'memory.memsw.failcnt'];
  if (counts.some((file) => Number(directory.readIfPresent(file) ?? 0) > 0)) return true;
  return readValue(directory, 'memory.max_usage_in_bytes') > limit - LARGEST_CHARGE_BYTES;
}

function readValue(directory: CgroupDirectory, file: string): number {
  return parseValue(directory.read(file), `${directory.path}/${file}`);
}
