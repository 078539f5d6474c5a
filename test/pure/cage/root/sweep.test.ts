import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DETACHED_PREFIX, OWNER_PREFIX, sweep, sweepInSteps, sweepOne } from '../../../../lib/cage/root/sweep';
import { ownKind } from '../../../../lib/cgroup/names/own-names';
import { refusal } from '../../../support/cgroups/cgroups-in-memory';
import { type DirectoriesAsCgroups, directoriesAsCgroups } from '../../../support/cgroups/directories-as-cgroups';

jest.mock('../../../../lib/common/event-loop/timers', () => ({
  ...jest.requireActual<object>('../../../../lib/common/event-loop/timers'),
  waitMs: (ms: number, { keepsAlive = true } = {}) => {
    waited.push(ms);
    if (keepsAlive) alive.push(ms);
    return Promise.resolve();
  },
  untilNextIteration: () => Promise.resolve(),
}));

jest.mock('../../../../lib/common/addon/load-native', () => ({
  ...jest.requireActual<object>('../../../../lib/common/addon/load-native'),
  loadNative: () => cgroups.native,
}));

const waited: number[] = [];
/** Those of them that keep the process alive. */
const alive: number[] = [];
let cgroups: DirectoriesAsCgroups;
beforeEach(async () => {
  cgroups = directoriesAsCgroups();
  waited.length = 0;
  alive.length = 0;
  // The first attempt is made at once only while there is a share of the iteration, which the test before may have spent.
  await new Promise(setImmediate);
});
afterEach(() => {
  cgroups.remove();
  jest.restoreAllMocks();
});

const OWNER = 'memcage-7-0a';
const DETACHED = 'memcage-detached-7-0a';
const LEAF = 'memcage-self-7-0a';

/** A directory with something in it: a process, a cgroup, or a cgroup with a process. */
function make(name: string, ...within: ('process' | 'cage' | 'cage/process')[]) {
  mkdirSync(join(cgroups.path, name, within.some((each) => each.startsWith('cage')) ? 'cage' : ''), {
    recursive: true,
  });
  for (const each of within) if (each.endsWith('process')) writeFileSync(join(cgroups.path, name, each), '');
  return cgroups.parent.below(name);
}
const lock = (name: string): void => {
  const path = `${name}/cgroup.procs`;
  const fd = cgroups.native.openBeneath({ dirFd: cgroups.parent.anchor, path, access: 'write' });
  cgroups.native.tryFileLock({ fd, shared: false });
};
const left = (): string[] => readdirSync(cgroups.path).sort();

test('what this process makes has names that a sweep knows', () => {
  expect(ownKind(`${OWNER_PREFIX}0a`)).toBe('owner');
  expect(ownKind(`${DETACHED_PREFIX}0a`)).toBe('detached');
  expect(OWNER_PREFIX).toContain(String(process.pid));
  expect(DETACHED_PREFIX).toContain(String(process.pid));
});

describe('what a dead owner left', () => {
  test('is killed and removed', async () => {
    expect(await sweepOne('owner', make(OWNER, 'process', 'cage/process'))).toBe('removed');
    expect(left()).toEqual([]);
    expect(cgroups.done).toEqual(['kill']);
    expect(cgroups.openFds.size).toBe(1);
  });

  test('is removed where somebody else removes it meanwhile, as systemd does with an empty scope', async () => {
    const directory = make(OWNER);
    cgroups.native.killAll = () => {
      rmdirSync(directory.path);
      throw refusal('ENODEV', 'write');
    };
    expect(await sweepOne('owner', directory)).toBe('removed');
    expect(cgroups.openFds.size).toBe(1);
  });

  test('is tried again until it can be removed', async () => {
    const directory = make(OWNER, 'process');
    const { killAll } = cgroups.native;
    let kills = 0;
    cgroups.native.killAll = (options) => {
      kills += 1;
      if (kills === 4) killAll(options);
    };
    expect(await sweepOne('owner', directory)).toBe('removed');
    expect(waited).toEqual([1, 2, 4]);
  });

  test('is left after ten seconds, and without a lock', async () => {
    let nowMs = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs++);
    cgroups.native.killAll = () => {};
    expect(await sweepOne('owner', make(OWNER, 'process'))).toBe('left');
    expect(nowMs).toBeGreaterThan(10_000);
    expect(nowMs).toBeLessThan(10_050);
    expect(cgroups.locks.size).toBe(0);
    expect(cgroups.openFds.size).toBe(1);
  });

  test('is in use while its owner lives', async () => {
    const directory = make(OWNER, 'process');
    lock(OWNER);
    expect(await sweepOne('owner', directory)).toBe('in use');
    expect(cgroups.done).toEqual([]);
  });

  test('may be gone by now', async () => {
    expect(await sweepOne('owner', cgroups.parent.below(OWNER))).toBe('removed');
  });

  test('is an error if the kernel refuses, and without a lock', async () => {
    cgroups.native.killAll = () => {
      throw refusal('EPERM');
    };
    await expect(sweepOne('owner', make(OWNER))).rejects.toThrow("Can't kill the processes of");
    expect(cgroups.locks.size).toBe(0);
  });
});

describe('the cage of a detached child', () => {
  test('is removed once it is empty, and nothing in it is killed', async () => {
    expect(await sweepOne('detached', make(DETACHED, 'cage'))).toBe('removed');
    expect(await sweepOne('detached', make(DETACHED, 'cage/process'))).toBe('in use');
    expect(left()).toEqual([DETACHED]);
    expect(cgroups.done).toEqual([]);
    expect(cgroups.openFds.size).toBe(1);
  });
});

test('a leaf has no lock, and is removed once it is empty', async () => {
  const leaf = make(LEAF, 'process');
  expect(await sweepOne('self', leaf)).toBe('in use');
  cgroups.native.killAll({ dirFd: leaf.anchor, path: leaf.relative, spare: [] });
  expect(await sweepOne('self', leaf)).toBe('removed');
  expect(cgroups.locks.size).toBe(0);
});

describe('a sweep', () => {
  test('ends what has no owner, and touches nothing of others', () => {
    make(OWNER, 'process');
    make('memcage-8-0b', 'process');
    lock('memcage-8-0b');
    make(DETACHED);
    make(LEAF);
    make('memcage-of-somebody');
    make('system.slice', 'process');
    sweep(cgroups.parent);
    expect(left()).toEqual(['memcage-8-0b', 'memcage-of-somebody', 'system.slice']);
  });

  test.each<[string, () => unknown, number]>([
    ['soon lets the process end', () => sweep(cgroups.parent), 256],
    ['keeps it alive if somebody waits', () => sweepOne('owner', cgroups.parent.below(OWNER)), 10_000],
  ])('of what is stuck %s', async (_, start, aliveMs) => {
    const sum = (all: readonly number[]): number => all.reduce((total, ms) => total + ms, 0);
    jest.spyOn(performance, 'now').mockImplementation(() => sum(waited));
    cgroups.native.killAll = () => {};
    make(OWNER, 'process');
    start();
    while (cgroups.locks.size > 0) await new Promise(setImmediate);
    expect(sum(waited)).toBeGreaterThanOrEqual(10_000);
    expect(Math.abs(sum(alive) - aliveMs)).toBeLessThan(250);
  });

  test('goes on after one that the kernel refuses', async () => {
    make(OWNER, 'process');
    make('memcage-8-0b');
    const { killAll } = cgroups.native;
    let isFirst = true;
    cgroups.native.killAll = (options) => {
      if (!isFirst) return killAll(options);
      isFirst = false;
      throw refusal('EPERM');
    };
    expect(() => sweep(cgroups.parent)).not.toThrow();
    await new Promise(setImmediate);
    expect(left()).toHaveLength(1);
  });

  test('never keeps a child from starting', () => {
    cgroups.native.listDirectories = () => {
      throw refusal('EMFILE');
    };
    expect(() => sweep(cgroups.parent)).not.toThrow();
    expect(existsSync(cgroups.path)).toBe(true);
  });
});

describe('a sweep of a scope of its own', () => {
  const SCOPE = 'memcage-1-0a.scope';
  const OTHER = 'memcage-2-0b.scope';
  const inPath = (...names: string[]): string => join(cgroups.path, ...names);
  const exist = (...names: string[]): boolean[] => names.map((name) => existsSync(inPath(name, OWNER)));
  /** Directories that were opened by their paths. */
  let opened: string[];
  beforeEach(() => {
    opened = [];
    const { openDirectory } = cgroups.native;
    cgroups.native.openDirectory = (options) => {
      opened.push(options.path);
      return openDirectory(options);
    };
    for (const name of [SCOPE, OTHER, 'x.service']) make(join(name, OWNER), 'process');
  });

  test('sweeps those beside it too', () => {
    sweep(cgroups.parent.below(SCOPE));
    expect(exist(SCOPE, OTHER, 'x.service')).toEqual([false, false, true]);
    expect(opened).toEqual([inPath(OTHER)]);
  });

  test('does without them where it can not look', async () => {
    const gone = cgroups.parent.below(join('gone', SCOPE));
    expect(() => sweep(gone)).not.toThrow();
    expect(opened).toEqual([]);
    await sweepInSteps(gone.path);
    expect(opened).toEqual([gone.path]);
    expect(exist(SCOPE, OTHER)).toEqual([true, true]);
  });

  test('and of no other cgroup', async () => {
    sweep(cgroups.parent.below('x.service'));
    expect(exist(SCOPE, OTHER, 'x.service')).toEqual([true, true, false]);
    await sweepInSteps(inPath('x.service'));
    expect(opened).toEqual([inPath('x.service')]);
  });

  test('in steps: the same', async () => {
    await sweepInSteps(inPath(SCOPE));
    expect(exist(SCOPE, OTHER, 'x.service')).toEqual([false, false, true]);
    expect(opened).toEqual([inPath(SCOPE), inPath(OTHER)]);
    expect(cgroups.openFds.size).toBe(1);
  });
});

describe('a sweep in steps', () => {
  /** What was killed and removed, by its path in the cage root. */
  let steps: string[];
  beforeEach(() => {
    steps = [];
    const { killAll, removeDirectory } = cgroups.native;
    const note = (step: string, path: string): void =>
      void steps.push(`${step} ${path.replace(/.*memcage-7-0a\/?/, '')}`);
    cgroups.native.killAll = (options) => {
      note('kill', options.path);
      killAll(options);
    };
    cgroups.native.removeDirectory = (options) => {
      note('remove', options.path);
      removeDirectory(options);
    };
  });

  test('kills all cages of a dead owner, the deepest first, before it removes the first', async () => {
    make(join(OWNER, 'one/two'), 'process');
    make('memcage-of-somebody', 'process');
    await sweepInSteps(cgroups.path);
    expect(left()).toEqual(['memcage-of-somebody']);
    expect(steps.slice(0, 4)).toEqual(['kill one/two', 'kill one', 'remove one/two', 'remove one']);
    expect(cgroups.openFds.size).toBe(1);
    expect(cgroups.locks.size).toBe(0);
  });

  test('kills nothing of living owners and of detached children', async () => {
    make(DETACHED, 'cage/process');
    make(OWNER, 'cage/process');
    lock(OWNER);
    await sweepInSteps(cgroups.path);
    expect(left()).toEqual([OWNER, DETACHED]);
    expect(steps.filter((step) => step.startsWith('kill'))).toEqual([]);
  });

  test('waits a second for the cages of an owner, and goes on', async () => {
    const sum = (all: readonly number[]): number => all.reduce((total, ms) => total + ms, 0);
    jest.spyOn(performance, 'now').mockImplementation(() => 5000 + sum(waited));
    cgroups.native.killAll = () => {};
    make(OWNER, 'cage/process');
    make('memcage-8-0b');
    await sweepInSteps(cgroups.path);
    while (cgroups.locks.size > 0) await new Promise(setImmediate);
    expect(left()).toEqual([OWNER]);
    // And a quarter of one for what nobody waits for.
    expect(sum(alive)).toBeGreaterThan(1200);
    expect(sum(alive)).toBeLessThan(1800);
  });

  test('goes on after one that the kernel refuses', async () => {
    make(OWNER, 'cage/process');
    make('memcage-8-0b', 'cage');
    const { killAll } = cgroups.native;
    let refused = 0;
    cgroups.native.killAll = (options) => {
      if (refused === 2) return killAll(options);
      refused += 1;
      throw refusal('EPERM');
    };
    await sweepInSteps(cgroups.path);
    await new Promise(setImmediate);
    expect(left()).toEqual([OWNER]);
  });
});
