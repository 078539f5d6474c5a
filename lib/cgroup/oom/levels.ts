import type { OomVerdict } from '../../../types/outcome';
import type { CgroupDirectory } from '../directory';
import type { CgroupVersion } from '../formats';
import { openDirectory } from '../host';
import { readMemoryFile } from '../limit-files';
import { isCage } from '../own-names';
import { isGone } from '../refusal';
import type { AboveV1 } from './above-v1';
import type { AboveV2 } from './above-v2';

/** Whose limit it was, and where that is. */
export type WhoseLimit = Pick<OomVerdict, 'cause' | 'limitBytes' | 'path'>;

/** A cage of memcage that the cgroup of a child sits in. */
export interface CageAround {
  directory: CgroupDirectory;
  /** It is the child's own, whose cgroup is a leaf of it: its limit is the child's. */
  isOwn: boolean;
  /** How often memory was refused so far; v1: at its limit or one above it, as its eventfd has it; v2: at its limit alone. */
  ooms(): number;
}

/** What is around a monitored cgroup: the cages that it sits in, nearest first, and what is above all of them. */
export interface SurroundingsV1 {
  readonly version: 1;
  readonly cages: readonly CageAround[];
  readonly above: AboveV1;
}

/** The same. */
export interface SurroundingsV2 {
  readonly version: 2;
  readonly cages: readonly CageAround[];
  readonly above: AboveV2;
}

export type OomSurroundings = SurroundingsV1 | SurroundingsV2;

/** The limit of a cgroup, as it is now; null bytes where there is none any more. */
export function limitOf(cause: OomVerdict['cause'], directory: CgroupDirectory, version: CgroupVersion): WhoseLimit {
  return { cause, limitBytes: bytesOf(directory, version), path: directory.path };
}

/** The limit of a cage around. */
export function limitOfCage({ isOwn, directory }: CageAround, version: CgroupVersion): WhoseLimit {
  return limitOf(isOwn ? 'limit' : 'cage', directory, version);
}

/**
 * The limit of a cgroup above, by its path; null bytes also where it is not ours to read. It may be the cage of another memcage,
 * which this very process runs in.
 */
export function limitAbove(path: string, version: CgroupVersion): WhoseLimit {
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

/** In the order in which people want to read it. */
export function verdictOn(
  { cause, limitBytes, path }: WhoseLimit,
  kills: number,
  victims: OomVerdict['victims'],
): OomVerdict {
  return { cause, kills, limitBytes, path, victims };
}

/** A limit that can't be found, or that of nobody. */
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
