import { dirname } from 'node:path';
import { isSide, members, openCages, removeTree } from './cgroup-tree';
import { newFds, openFds } from './fds';
import { childrenOf, endNow } from './processes';
import { until } from './until';

// memcage keeps one cage ready for the next start, with its fds.
const FDS_OF_SPARE = 4;
// Open from the first kill for memory on.
const FDS_OF_KERNEL_LOG = 1;

/** What exists beyond that spare cage, and beyond the spare side cgroups that it may have beside its own (v1). */
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
 * @param keptFds how many more fds are allowed at any time
 */
export function expectNothingLeft(warmUp: () => Promise<unknown>, keptFds = 0): void {
  let fdsBefore: string[];
  const mostNew = FDS_OF_SPARE + FDS_OF_KERNEL_LOG + keptFds;
  let childrenBefore: number[];
  let cagesBefore: string[];
  beforeAll(async () => {
    await warmUp();
    fdsBefore = openFds();
  });
  // What one test leaves behind is not blamed on the next.
  beforeEach(() => {
    childrenBefore = childrenOf(process.pid);
    cagesBefore = cagesLeft();
  });
  afterEach(async () => {
    const left = () => ({
      fds: openFds().length > fdsBefore.length + mostNew ? newFds(fdsBefore) : [],
      cages: cagesLeft().filter((path) => !cagesBefore.includes(path)),
      children: childrenOf(process.pid).filter((pid) => !childrenBefore.includes(pid)),
    });
    const nothing = { fds: [], cages: [], children: [] };
    // An end that was asked for may take a moment.
    const isClean = () => JSON.stringify(left()) === JSON.stringify(nothing);
    await until('nothing left', isClean, 3000).catch(() => {});
    const found = left();
    if (!isClean()) {
      await end(found);
      if (left().fds.length > 0) fdsBefore = openFds();
    }
    expect(found).toEqual(nothing);
  });
  afterAll(removeOwners);
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
