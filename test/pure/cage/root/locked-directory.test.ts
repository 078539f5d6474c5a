import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { giveUp, isLocked, makeLocked, release, tryLock } from '../../../../lib/cage/root/locked-directory';
import type { CgroupDirectory } from '../../../../lib/cgroup/directory/directory';
import { refusal } from '../../../support/cgroups/cgroups-in-memory';
import { type DirectoriesAsCgroups, directoriesAsCgroups } from '../../../support/cgroups/directories-as-cgroups';
import { withCode } from '../../../support/error-code';

let cgroups: DirectoriesAsCgroups;
beforeEach(() => {
  cgroups = directoriesAsCgroups();
});
afterEach(() => {
  cgroups.remove();
  jest.restoreAllMocks();
});

/** Told to the guardian before anything is made. */
jest.mock('../../../../lib/cgroup/processes/guardian', () => ({
  tellGuardian: (dirFd: number, name: string, kind: string) => {
    const { done, path, parent } = cgroups;
    done.push(
      `guard ${name} as ${kind}${dirFd === parent.anchor ? '' : ' elsewhere'}${existsSync(join(path, name)) ? ' too late' : ''}`,
    );
  },
  identifyGuarded: (name: string, fd: number) => void cgroups.done.push(`identify ${name} ${cgroups.openFds.has(fd)}`),
  unguard: (name: string, { end }: { end: boolean }) =>
    void cgroups.done.push(`unguard ${name}${end ? ', end it' : ''}`),
}));
jest.mock('../../../../lib/common/event-loop/timers', () => ({
  ...jest.requireActual<object>('../../../../lib/common/event-loop/timers'),
  pauseSync: () => {},
}));
jest.mock('../../../../lib/cage/root/refused-parent', () => ({
  refusedParent: (path: string, error: Error) => new Error(`refused in ${path}: ${error.message}`),
}));

function made(name: string): CgroupDirectory {
  mkdirSync(join(cgroups.path, name));
  return cgroups.parent.below(name);
}

const openProcs = (name: string): number =>
  cgroups.native.openBeneath({ dirFd: cgroups.parent.anchor, path: `${name}/cgroup.procs`, access: 'write' });

describe('the lock of a directory', () => {
  test('is held by an fd, and anyone else is refused until that is closed', () => {
    const directory = made('a');
    const own = makeLocked(cgroups.parent, 'a-');
    const there = cgroups.parent.below(basename(own.path));
    expect([isLocked(there), isLocked(directory)]).toEqual([true, false]);
    expect(tryLock(there)).toBeUndefined();
    expect(cgroups.openFds.size).toBe(3);
    own.close();
    expect(isLocked(there)).toBe(false);
    expect(cgroups.openFds.size).toBe(1);
    expect(cgroups.locks.size).toBe(0);
  });

  test('is one for writing, and that of a sweep for reading; the owner has another one, for people', () => {
    const { openBeneath } = cgroups.native;
    const seen: string[] = [];
    cgroups.native.openBeneath = (options) => {
      if (options.access !== 'directory') seen.push(`${options.access} ${basename(options.path)}`);
      return openBeneath(options);
    };
    cgroups.native.tryLock = ({ fd }) => seen.push(cgroups.locks.has(fd) ? 'the same fd' : 'anchor') > 0;
    makeLocked(cgroups.parent, 'a-').close();
    tryLock(made('b'))?.close();
    expect(seen).toEqual(['write cgroup.procs', 'anchor', 'read cgroup.procs']);
  });

  test('of a sweep keeps an owner away, but no other sweep, and is no sign of life', () => {
    const directory = made('a');
    const locked = tryLock(directory);
    expect(locked?.path).toBe(directory.path);
    expect(isLocked(directory)).toBe(false);
    expect(cgroups.native.tryFileLock({ fd: openProcs('a'), shared: false })).toBe(false);
    tryLock(directory)?.close();
    locked?.close();
    expect(cgroups.native.tryFileLock({ fd: openProcs('a'), shared: false })).toBe(true);
    expect(tryLock(directory)).toBeUndefined();
  });

  test('is nobody’s where there is no directory', () => {
    const directory = cgroups.parent.below('gone');
    expect(tryLock(directory)).toBeUndefined();
    expect(isLocked(directory)).toBe(false);
  });

  test('leaves no fd when the kernel can give none', () => {
    const failure = refusal('ENOLCK', 'fcntl');
    cgroups.native.tryFileLock = () => {
      throw failure;
    };
    expect(() => tryLock(made('a'))).toThrow(failure);
    expect(cgroups.openFds.size).toBe(1);
  });

  test('is an error if the directory may not be opened', () => {
    cgroups.native.openBeneath = () => {
      throw refusal('EACCES');
    };
    const directory = made('a');
    expect(() => tryLock(directory)).toThrow(withCode('NO_PERMISSION'));
    // Nobody may take it for one whose owner is dead.
    expect(() => isLocked(directory)).toThrow(withCode('NO_PERMISSION'));
  });
});

describe('a locked directory', () => {
  test('is made with a name that nobody can guess, and is locked', () => {
    const locked = makeLocked(cgroups.parent, 'memcage-7-');
    expect(basename(locked.path)).toMatch(/^memcage-7-[0-9a-f]{16}$/);
    expect(isLocked(cgroups.parent.below(basename(locked.path)))).toBe(true);
    expect(cgroups.done).toEqual([]);
    locked.close();
  });

  test('is told to the guardian before it is made', () => {
    const locked = makeLocked(cgroups.parent, 'a-', 'owner');
    const name = basename(locked.path);
    expect(cgroups.done).toEqual([`guard ${name} as owner`, `identify ${name} true`]);
  });

  test('gets another name while its name is taken, or another process sweeps it away', () => {
    const { makeDirectory, tryFileLock: lock } = cgroups.native;
    const names: string[] = [];
    cgroups.native.makeDirectory = (options) => {
      names.push(options.path);
      if (names.length === 1) throw refusal('EEXIST', 'mkdirat');
      makeDirectory(options);
    };
    cgroups.native.tryFileLock = (options) => {
      // The first is locked by another's sweep, the second is removed by it before this process locks it.
      if (names.length === 2) return false;
      if (names.length === 3) rmdirSync(join(cgroups.path, names[2] as string));
      return lock(options);
    };
    const locked = makeLocked(cgroups.parent, 'a-', 'owner');
    expect(new Set(names).size).toBe(4);
    expect(basename(locked.path)).toBe(names[3]);
    expect(cgroups.done.filter((each) => !each.startsWith('guard'))).toEqual([
      `unguard ${names[0]}`,
      `unguard ${names[1]}, end it`,
      `unguard ${names[2]}, end it`,
      `identify ${names[3]} true`,
    ]);
    expect(cgroups.openFds.size).toBe(3);
  });

  test('is given up after a hundred names', () => {
    let attempts = 0;
    cgroups.native.makeDirectory = () => {
      attempts += 1;
      throw refusal('EEXIST', 'mkdirat');
    };
    expect(() => makeLocked(cgroups.parent, 'a-')).toThrow(
      withCode('BUSY', `No cgroup could be made in ${cgroups.path}: each was removed by someone else`),
    );
    expect(attempts).toBe(100);
  });

  test('is not made in a parent that refuses, and the guardian forgets it', () => {
    cgroups.native.makeDirectory = () => {
      throw refusal('EROFS', 'mkdirat');
    };
    expect(() => makeLocked(cgroups.parent, 'a-', 'owner')).toThrow(`refused in ${cgroups.path}: `);
    expect(cgroups.done.at(-1)).toMatch(/^unguard a-[0-9a-f]+$/);
  });

  test('is removed again if it can not be locked', () => {
    const failure = refusal('ENOLCK', 'fcntl');
    cgroups.native.tryFileLock = () => {
      throw failure;
    };
    expect(() => makeLocked(cgroups.parent, 'a-', 'owner')).toThrow(failure);
    expect(readdirSync(cgroups.path)).toEqual([]);
    expect(cgroups.openFds.size).toBe(1);
    expect(cgroups.done.at(-1)).toMatch(/^unguard a-[0-9a-f]+, end it$/);
  });
});

describe('the end of a locked directory', () => {
  const lock = (): CgroupDirectory => makeLocked(cgroups.parent, 'a-', 'owner');

  test('removes it, and leaves nothing for the guardian', () => {
    const locked = lock();
    locked.native.makeDirectory({ dirFd: locked.anchor, path: 'below', mode: 0o755 });
    release(locked);
    expect(readdirSync(cgroups.path)).toEqual([]);
    expect(cgroups.done.at(-1)).toBe(`unguard ${basename(locked.path)}`);
    expect(locked.isClosed).toBe(true);
    expect(cgroups.openFds.size).toBe(1);
  });

  test('leaves it to the guardian if it can not be removed within two seconds', () => {
    let nowMs = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => {
      nowMs += 1;
      return nowMs;
    });
    const locked = lock();
    writeFileSync(join(locked.path, 'process'), '');
    release(locked);
    expect(cgroups.done.at(-1)).toBe(`unguard ${basename(locked.path)}, end it`);
    expect(cgroups.locks.size).toBe(0);
    expect(nowMs).toBeGreaterThanOrEqual(2000);
    expect(nowMs).toBeLessThan(2020);
  });

  test('leaves it to the guardian if the kernel refuses', () => {
    const locked = lock();
    cgroups.native.removeBelow = () => {
      throw refusal('EPERM', 'unlinkat');
    };
    writeFileSync(join(locked.path, 'process'), '');
    release(locked);
    expect(cgroups.done.at(-1)).toBe(`unguard ${basename(locked.path)}, end it`);
    expect(locked.isClosed).toBe(true);
  });

  test('is its own, whatever has its name by now', () => {
    const locked = lock();
    renameSync(locked.path, `${locked.path}-moved`);
    mkdirSync(locked.path);
    release(locked);
    expect(readdirSync(cgroups.path)).toEqual([basename(locked.path)]);
  });

  test('can be left to the guardian', () => {
    const locked = lock();
    giveUp(locked, { removed: false });
    expect(existsSync(locked.path)).toBe(true);
    expect(cgroups.done.at(-1)).toBe(`unguard ${basename(locked.path)}, end it`);
    expect(cgroups.locks.size).toBe(0);
  });
});
