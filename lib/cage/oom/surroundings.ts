import type { CgroupDirectory } from '../../cgroup/directory/directory';
import type { CgroupVersion } from '../../cgroup/files/formats';
import type { AncestorsV1 } from './ancestors-v1';
import type { AncestorsV2 } from './ancestors-v2';
import { limitOf, type WhoseLimit } from './whose-limit';

/** A cage that contains the cgroup of a child. */
export interface CageAround {
  directory: CgroupDirectory;
  /** It is the child's own cage, in which the child has a leaf: its limit is the child's limit. */
  isOwn: boolean;
  /** How often memory was refused so far; v1: at its limit or above, as its eventfd counts; v2: at its limit only. */
  ooms(): number;
}

/** What is around a monitored cgroup: the cages that contain it, nearest first, and the ancestors above all of them. */
export interface SurroundingsV1 {
  readonly version: 1;
  readonly cages: readonly CageAround[];
  readonly ancestors: AncestorsV1;
}

/** {@link SurroundingsV1} for cgroup v2. */
export interface SurroundingsV2 {
  readonly version: 2;
  readonly cages: readonly CageAround[];
  readonly ancestors: AncestorsV2;
}

export type OomSurroundings = SurroundingsV1 | SurroundingsV2;

/** The limit of a cage around the cgroup. */
export function limitOfCage({ isOwn, directory }: CageAround, version: CgroupVersion): WhoseLimit {
  return limitOf(isOwn ? 'limit' : 'cage', directory, version);
}
