import { basename } from 'node:path';
import { randomHex } from '../../common/text/names';

/** What memcage made a cgroup for. */
export type CgroupKind =
  /** The cage root of an owner. */
  | 'owner'
  /** The cage of a detached child. */
  | 'detached'
  /** The self cgroup: for the processes that had to leave theirs, so that it can have children with controllers. */
  | 'self'
  /** A scope that memcage asked systemd for, with Delegate=yes. */
  | 'scope'
  | 'cage'
  /** Both kinds of leaves are in a shared cage; only the following leaf repeats its limit of memory. */
  | 'following leaf'
  | 'limited leaf';

/** What memcage makes in a parent, beside the cgroups of other programs. */
export type OwnKind = Extract<CgroupKind, 'owner' | 'detached' | 'self'>;

const RANDOM = '[0-9a-f]+';
const OWNER = `memcage-\\d+-${RANDOM}`;
const BUDGET = 'budget-';
/** The outermost cage, and those within it. */
const NUMBERS = `(?:/(?:${BUDGET})?\\d+)+`;

/** A program in a cage may have a cage root there. */
const PATHS: Readonly<Record<CgroupKind, RegExp>> = {
  owner: ending(OWNER),
  detached: ending(`memcage-detached-\\d+-${RANDOM}`),
  self: ending(`memcage-self-\\d+-${RANDOM}`),
  scope: ending(`${OWNER}\\.scope`),
  cage: ending(`${OWNER}${NUMBERS}`),
  'following leaf': ending(`${OWNER}${NUMBERS}/leaf-\\d+`),
  'limited leaf': ending(`${OWNER}${NUMBERS}/limited-\\d+`),
};

const KINDS = Object.keys(PATHS) as CgroupKind[];

function ending(pattern: string): RegExp {
  return new RegExp(`(?:^|/)${pattern}$`);
}

/** What a memcage, this one or another, made the cgroup of this path for; undefined for any other cgroup. */
export function kindOf(path: string): CgroupKind | undefined {
  return KINDS.find((kind) => PATHS[kind].test(path));
}

/** {@link kindOf} what is in a parent, by its name or its path. */
export function ownKind(path: string): OwnKind | undefined {
  const kind = kindOf(path);
  return kind === 'owner' || kind === 'detached' || kind === 'self' ? kind : undefined;
}

/** Whether the path is that of a cage or of a leaf. */
export function isCageCgroup(path: string): boolean {
  const kind = kindOf(path);
  return kind === 'cage' || kind === 'detached' || isLeaf(path);
}

/** Whether the path is that of the cgroup of a child in a shared cage. */
export function isLeaf(path: string): boolean {
  const kind = kindOf(path);
  return kind === 'following leaf' || kind === 'limited leaf';
}

/** Whether the path of a cage is that of a budget. */
export function isBudget(path: string): boolean {
  return basename(path).startsWith(BUDGET);
}

/** The name of a cage. That of a budget says what it is: nothing else of it does to other programs. */
export function cageName(number: number, { budget }: { budget: boolean }): string {
  return `${budget ? BUDGET : ''}${number}`;
}

/**
 * The name of a child's own cgroup in a shared cage. For a cage there: {@link cageName}.
 *
 * @param follows whether its limit of memory is that of the cage, and follows it
 */
export function leafName(number: number, { follows }: { follows: boolean }): string {
  return `${follows ? 'leaf' : 'limited'}-${number}`;
}

export function newSelfName(): string {
  return `memcage-self-${process.pid}-${randomHex(8)}`;
}

export function newScopeName(): string {
  return `memcage-${process.pid}-${randomHex(8)}.scope`;
}

/** The pid in the name of an owner's directory or of a detached cage: the owner's in its own PID namespace. */
export function pidInName(name: string): number | undefined {
  const [, digits] = /^memcage-(?:detached-)?(\d+)-[0-9a-f]+$/.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
