import { existsSync } from 'node:fs';
import { Cgroup, containerOf } from '../../cgroup';
import { MemcageError } from '../../index';
import { cageOf, findCage, listCages } from '../../machine';
import { isGone } from './cgroup-gone';
import type { Operands } from './command';
import { UsageError } from './usage';

/** What {@link findTarget} takes, as a `synopsis` names it. */
export const TARGET = 'CGROUP|PID|CONTAINER';

/** The operands of a command about one cgroup. */
export const oneTarget = (least: 0 | 1): Operands => ({
  name: 'cgroup',
  least,
  most: 1,
  suggest: 'cgroup',
});

/** A cage's name in `memcage top`. */
const CAGE = /^\d+(?:\/(?:budget-)?[0-9a-f]+)+$/;
/** A container's name in `memcage top`. */
const NAMED = /^(?:docker|podman|containerd|cri-o|pod|lxc|machine|unknown):(.+)$/;

/**
 * Finds the cgroup that a word of the command line means: its absolute path, or its path from the root of the
 * hierarchy, as the kernel prints it; the pid of a process in it; its name in `memcage top`; or whatever `Cgroup.find`
 * takes.
 *
 * @param word undefined: the cgroup of this process
 */
export function findTarget(word: string | undefined): Cgroup {
  if (word === undefined) return Cgroup.self();
  if (word.startsWith('/')) return openPath(word);
  if (CAGE.test(word)) return findCage(word);
  return /^\d{1,10}$/.test(word) ? findByDigits(word) : Cgroup.find(NAMED.exec(word)?.[1] ?? word);
}

/** What can be named instead. */
export const SHOWN = 'one that memcage ls or memcage top --all shows';

function openPath(word: string): Cgroup {
  try {
    return Cgroup.open(pathOf(word));
  } catch (error) {
    throw isGone(error) ? new Error(`${word} is no memory cgroup. Cure: ${SHOWN}`, { cause: error }) : error;
  }
}

function pathOf(word: string): string {
  if (existsSync(word)) return word;
  const paths = rootPaths().map((root) => `${root}${word}`);
  const path = paths.find((each) => existsSync(each));
  if (path === undefined) throw new Error(`There is no cgroup ${word}. Cure: ${SHOWN}`);
  return path;
}

/** The most cages that an error names. */
const MOST_NAMED = 5;

/**
 * An error about the cgroup of a process that has cages, with those: `memcage ls` shows the pid above them, and whoever names it most
 * likely means them.
 */
export function namingCages(error: unknown, word: string | undefined): unknown {
  if (!(error instanceof Error) || error instanceof UsageError || word === undefined || !/^\d+$/.test(word))
    return error;
  const owned = listCages().filter(
    ({ kind, spare, owner }) => kind !== 'owner' && !spare && owner.pid === Number(word),
  );
  const labels = owned.flatMap(({ path, parent }) => (parent === null ? (cageOf(path)?.label ?? []) : []));
  if (labels.length === 0) return error;
  const named = `${labels.slice(0, MOST_NAMED).join(', ')}${labels.length > MOST_NAMED ? ' ...' : ''}`;
  const cure = error.message.includes('Cure: ') ? '; or' : '. Cure:';
  return new Error(`${error.message}${cure} name one of its cages: ${named}`, { cause: error });
}

/** The paths of the topmost cgroups. */
export function rootPaths(): string[] {
  return Cgroup.roots().map((root) => {
    root.close();
    return root.path;
  });
}

/** Takes the word for a pid, else for a container's id or name that happens to have digits only. */
function findByDigits(word: string): Cgroup {
  try {
    return Cgroup.of(Number(word));
  } catch (error) {
    const container = isNoProcess(error) ? findContainer(word) : undefined;
    if (container !== undefined) return container;
    if (!isNoProcess(error)) throw error;
    throw new Error(`There is no process ${word}, and no container has such an id or name. Cure: ${SHOWN}`);
  }
}

function isNoProcess(error: unknown): boolean {
  return isGone(error) || (error as { code?: unknown }).code === 'ERR_MEMCAGE_INVALID_ARGUMENT';
}

/** Finds containers only. Cages have numbers as names: the pid of a process that just ended must not find a cage. */
function findContainer(word: string): Cgroup | undefined {
  const isContainer = (path: string): boolean => containerOf(path)?.path === path;
  try {
    const found = Cgroup.find(word);
    if (isContainer(found.path)) return found;
    found.close();
    return undefined;
  } catch (error) {
    if (isGone(error)) return undefined;
    if (error instanceof MemcageError && error.paths?.some(isContainer) === false) return undefined;
    throw error;
  }
}
