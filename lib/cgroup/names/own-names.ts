import { SELF_LEAF } from './parent-names';

const NAMES = {
  owner: /^memcage-(\d+)-[0-9a-f]+$/,
  detached: /^memcage-detached-(\d+)-[0-9a-f]+$/,
  /** Once it can be removed, nobody uses it any more. */
  leaf: SELF_LEAF,
} as const;

/** A directory that memcage makes beside those of others. */
export type OwnKind = keyof typeof NAMES;

export function ownKind(name: string): OwnKind | undefined {
  return (Object.keys(NAMES) as OwnKind[]).find((kind) => NAMES[kind].test(name));
}

/** Whether a cgroup is a cage of some memcage, or a leaf of a cage, which is under the cage's limit. */
export function isCage(path: string): boolean {
  const kinds = path.split('/').map(ownKind);
  return kinds.at(-1) === 'detached' || kinds.at(-2) === 'owner' || kinds.at(-3) === 'owner';
}

/** The pid that the owner had in its own PID namespace. */
export function pidInName(name: string): number | undefined {
  const [, digits] = NAMES.owner.exec(name) ?? NAMES.detached.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
