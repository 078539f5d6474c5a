import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { isSide, members, mountPoint, openCages, removeTree, version } from './cgroups/cgroup-tree';
import { openFds } from './processes/fds';
import { childrenOf, endNow } from './processes/processes';
import { until } from './until';

/** What exists beyond the one cage that memcage keeps ready for the next start, and beyond the spare side cgroups that it may have beside its own (v1). */
export function cagesLeft(...owners: number[]): string[] {
  const cages = openCages(...owners);
  return cages.filter((path) => {
    const siblings = cages.filter((other) => path !== other && dirname(path) === dirname(other));
    return members(path).length > 0 || siblings.length > (isSide(path) ? 1 : 0);
  });
}

/**
 * Expects that each test of the file gives back what it took: fds, cgroups, children. Call it in the file's outermost
 * describe.
 *
 * @param warmUp opens what memcage keeps for the life of the process
 * @param parents whether the tests make cages in other parents, whose fds memcage keeps until it notices that they are gone
 * @param longestMs how long an end that was asked for may take
 */
export function expectNothingLeft(warmUp: () => Promise<unknown>, { parents = false, longestMs = 3000 } = {}): void {
  let before: Holdings;
  beforeAll(warmUp);
  // What one test leaves behind is not blamed on the next.
  beforeEach(() => {
    before = holdings(parents);
  });
  afterEach(async () => {
    const left = (): Holdings => {
      const now = holdings(parents);
      return {
        fds: without(now.fds, before.fds),
        cages: without(now.cages, before.cages),
        children: without(now.children, before.children),
      };
    };
    const nothing = { fds: [], cages: [], children: [] };
    const isClean = () => JSON.stringify(left()) === JSON.stringify(nothing);
    await until('nothing left', isClean, longestMs).catch(() => {});
    const found = left();
    if (!isClean()) await end(found);
    expect(found).toEqual(nothing);
  });
  afterAll(removeOwners);
}

interface Holdings {
  /** What they lead to. */
  fds: string[];
  cages: string[];
  children: number[];
}

function holdings(parents: boolean): Holdings {
  return { fds: fdsBeyondKept(fdLinks(), parents), cages: cagesLeft(), children: childrenOf(process.pid) };
}

/** Open from the first kill for memory on, and from libuv's first watch. */
const ONCE = ['/dev/kmsg', 'anon_inode:inotify'];
/** With which a cage hears of kills on v1. A cage root has one, too, if something above it has a limit. */
const EVENTFD = 'anon_inode:[eventfd]';
const DELETED = ' (deleted)';

/** Without the fds that are kept: {@link ONCE}, those of the starter and of each cage root, and those of the cage that is ready. */
function fdsBeyondKept(all: readonly string[], parents: boolean): string[] {
  const links = parents ? all.filter((link) => link !== EVENTFD) : all;
  const left = cagesLeft();
  const ready = openCages().filter((path) => !left.includes(path));
  const roots = [...new Set(links.filter((link) => isRoot(link) && (parents || existsSync(link))))];
  const gone = roots.map(pathOf).filter((path) => !existsSync(path));
  const inside = links.filter((link) => [...ready, ...gone].some((path) => isIn(path, link)));
  const above = parents ? links.filter((link) => roots.some((root) => isOfRoot(root, link))) : [];
  const heard = ready.filter((path) => version === 1 && path.startsWith(`${mountPoint('memory')}/`));
  // Its lock, and on v2 what an ancestor has of memory's. It is open once more as one that this process is not in.
  const files = new Set(links.filter((link) => roots.includes(dirname(link)) && !isRoot(link)));
  const again = version === 2 ? roots : [];
  const starters = links.filter((link) => link.endsWith('/oom_score_adj'));
  const ofStarters = starters.flatMap(() => ['socket', 'anon_inode:[pidfd]']);
  const likeness = links.filter((link) =>
    /^\/proc\/\d+\/task\/\d+\/(status|cgroup|oom_score_adj|attr\/current|ns)$/.test(link),
  );
  return without(links, [
    ...ONCE,
    ...ofStarters,
    ...likeness,
    ...roots,
    ...again,
    ...files,
    ...inside,
    ...above,
    ...heard.map(() => EVENTFD),
  ]);
}

const pathOf = (link: string): string => (link.endsWith(DELETED) ? link.slice(0, -DELETED.length) : link);

function isRoot(link: string): boolean {
  return new RegExp(`/memcage-${process.pid}-[0-9a-f]+$`).test(pathOf(link));
}

function isIn(path: string, link: string): boolean {
  return `${pathOf(link)}/`.startsWith(`${path}/`);
}

/** Whether it is the root, one above it, or a file of one of those. */
function isOfRoot(root: string, link: string): boolean {
  return isIn(pathOf(link), root) || (/\/(cgroup|memory)\.[\w.]+$/.test(link) && isIn(dirname(link), root));
}

/** Without the numbers of sockets and pipes. */
function fdLinks(): string[] {
  return openFds().map((link) => link.replace(/^(socket|pipe):.*/, '$1'));
}

/** What is in one list more often than in another. */
function without<T>(all: readonly T[], some: readonly T[]): T[] {
  const rest = [...some];
  return all.filter((one) => {
    const at = rest.indexOf(one);
    if (at !== -1) rest.splice(at, 1);
    return at === -1;
  });
}

/** Cleans up after a failure, so that neither the next test nor a second attempt fails because of what was left. */
async function end({ cages, children }: { cages: string[]; children: number[] }): Promise<void> {
  for (const pid of [...children, ...cages.flatMap(members)]) endNow(pid);
  // memcage removes a cgroup that is empty and has no open handle. A handle that was not closed does no harm here.
  const isGone = (path: string) => {
    try {
      removeTree(path);
      return true;
    } catch {
      return false;
    }
  };
  await until('the rest is gone', () => cages.every(isGone)).catch(() => {});
}

/** Calls the listeners for 'exit', which remove the cage roots. Jest never calls them. */
export function removeOwners(): void {
  for (const listener of process.listeners('exit')) listener.call(process, 0);
}
