import type { CgroupDirectory } from '../cgroup/directory/directory';
import type { CgroupVersion } from '../cgroup/files/formats';
import type { AncestorsV1 } from './ancestors-v1';
import type { AncestorsV2 } from './ancestors-v2';
import { limitOf, type WhoseLimit } from './whose-limit';

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
  readonly ancestors: AncestorsV1;
}

/** The same. */
export interface SurroundingsV2 {
  readonly version: 2;
  readonly cages: readonly CageAround[];
  readonly ancestors: AncestorsV2;
}

export type OomSurroundings = SurroundingsV1 | SurroundingsV2;

/** The limit of a cage around. */
export function limitOfCage({ isOwn, directory }: CageAround, version: CgroupVersion): WhoseLimit {
  return limitOf(isOwn ? 'limit' : 'cage', directory, version);
}
