import { basename } from 'node:path';
import { SELF_LEAF } from './parent-names';

const NAMES = {
  owner: /^memcage-(\d+)-[0-9a-f]+$/,
  detached: /^memcage-detached-(\d+)-[0-9a-f]+$/,
  /** Has no lock. If it can be removed, nothing uses it any more. */
  leaf: SELF_LEAF,
} as const;

/** The kind of a directory that memcage makes beside those of other programs. */
export type OwnKind = keyof typeof NAMES;

export function ownKind(name: string): OwnKind | undefined {
  return (Object.keys(NAMES) as OwnKind[]).find((kind) => NAMES[kind].test(name));
}

/** What memcage made a cgroup for. Both kinds of leaves are in a shared cage; only the first follows its limit of memory. */
export type CageKind = 'cage' | 'detached' | 'following leaf' | 'limited leaf';

/** In a cage root: a number for each cage, from the outermost on, then a leaf. A program in a cage may have a cage root there. */
const IN_ROOT = /(?:^|\/)memcage-\d+-[0-9a-f]+(?:\/\d+)+(?:\/(leaf|limited)-\d+)?$/;

/** The kind of a cage cgroup, of this memcage or another, by its path; undefined for any other cgroup. */
export function cageKind(path: string): CageKind | undefined {
  if (ownKind(basename(path)) === 'detached') return 'detached';
  const found = IN_ROOT.exec(path);
  if (found === null) return undefined;
  const [, leaf] = found;
  if (leaf === undefined) return 'cage';
  return leaf === 'leaf' ? 'following leaf' : 'limited leaf';
}

/**
 * The name of a child's own cgroup in a shared cage. A cage there has the number alone.
 *
 * @param follows whether its limit of memory is that of the cage, and follows it
 */
export function leafName(number: number, { follows }: { follows: boolean }): string {
  return `${follows ? 'leaf' : 'limited'}-${number}`;
}

/** The owner's pid in its own PID namespace. */
export function pidInName(name: string): number | undefined {
  const [, digits] = NAMES.owner.exec(name) ?? NAMES.detached.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
