import type { OomVerdict } from '../../types/outcome';
import type { CgroupDirectory } from '../cgroup/directory/directory';
import { isGone } from '../cgroup/directory/refusal';
import type { CgroupVersion } from '../cgroup/files/formats';
import { openDirectory } from '../cgroup/hierarchy/host';
import { readMemoryFile } from '../cgroup/limits/limit-files';
import { isCage } from '../cgroup/names/own-names';

/** The limit that killed, and the cgroup that has it. */
export type WhoseLimit = Pick<OomVerdict, 'cause' | 'limitBytes' | 'path'>;

/** The limit of a cgroup as it is now. `limitBytes` is null if there is none any more. */
export function limitOf(cause: OomVerdict['cause'], directory: CgroupDirectory, version: CgroupVersion): WhoseLimit {
  return { cause, limitBytes: bytesOf(directory, version), path: directory.path };
}

/**
 * The limit of an ancestor. `limitBytes` is null also if memcage may not read it. The ancestor may be a cage of another
 * memcage, in which this process itself runs.
 */
export function limitOfAncestor(path: string, version: CgroupVersion): WhoseLimit {
  const cause = isCage(path) ? 'cage' : 'ancestor';
  let directory: CgroupDirectory | undefined;
  try {
    directory = openDirectory(path);
    return limitOf(cause, directory, version);
  } catch {
    return { cause, limitBytes: null, path };
  } finally {
    directory?.close();
  }
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
