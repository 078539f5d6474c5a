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

/** Whether a cgroup is a cage, of this memcage or another, or a leaf, which is under its cage's limit. */
export function isCage(path: string): boolean {
  const kinds = path.split('/').map(ownKind);
  return kinds.at(-1) === 'detached' || kinds.at(-2) === 'owner' || kinds.at(-3) === 'owner';
}

/** Whether a path is that of a cage, private or shared, which may be in other cages. A leaf is none. */
export function isCageItself(path: string): boolean {
  const names = path.split('/');
  const owner = names.findIndex((name) => ownKind(name) === 'owner');
  const below = owner === -1 ? [] : names.slice(owner + 1);
  return below.length > 0 && below.every((name) => /^\d+$/.test(name));
}

const LEAF = /^leaf-\d+$/;

/**
 * The name of a child's own cgroup in a shared cage. A cage there has the number alone.
 *
 * @param follows whether its limit of memory is that of the cage, and follows it
 */
export function leafName(number: number, { follows }: { follows: boolean }): string {
  return `${follows ? 'leaf' : 'limited'}-${number}`;
}

/** Whether it is the name of a leaf that follows the limit of its cage. */
export function isFollowingLeaf(name: string): boolean {
  return LEAF.test(name);
}

/** The owner's pid in its own PID namespace. */
export function pidInName(name: string): number | undefined {
  const [, digits] = NAMES.owner.exec(name) ?? NAMES.detached.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
