import type { OomVerdict } from '../../../types/outcome';
import type { CgroupDirectory } from '../../cgroup/directory/directory';
import { isGone } from '../../cgroup/directory/refusal';
import type { CgroupVersion } from '../../cgroup/files/formats';
import { openDirectory } from '../../cgroup/hierarchy/host';
import { readMemoryFile } from '../../cgroup/limits/limit-files';
import { isCageCgroup } from '../../cgroup/names/own-names';

/** The limit that killed, and the cgroup that has it. */
export type WhoseLimit = Pick<OomVerdict, 'cause' | 'limitBytes' | 'path'>;

/** The limit of a cgroup as it is now. `limitBytes` is null if there is none any more. */
export function limitOf(cause: OomVerdict['cause'], directory: CgroupDirectory, version: CgroupVersion): WhoseLimit {
  return { cause, limitBytes: bytesOf(directory, version), path: directory.path };
}

/** The limit of an ancestor, which may be a cage of another memcage, in which this process itself runs. */
export function limitOfAncestor(directory: CgroupDirectory, version: CgroupVersion): WhoseLimit {
  return limitOf(ancestorCause(directory.path), directory, version);
}

/** The same by its path. `limitBytes` is null also if memcage may not read it. */
export function limitOfAncestorAt(path: string, version: CgroupVersion): WhoseLimit {
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

function ancestorCause(path: string): OomVerdict['cause'] {
  return isCageCgroup(path) ? 'cage' : 'ancestor';
}

/** The verdict, with its fields in the order in which people want to read them. */
export function verdictOn(
  { cause, limitBytes, path }: WhoseLimit,
  kills: number,
  victims: OomVerdict['victims'],
): OomVerdict {
  return { cause, kills, limitBytes, path, victims };
}

/** For a limit that can't be found, or that no cgroup has. */
export function nowhere(cause: OomVerdict['cause']): WhoseLimit {
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
