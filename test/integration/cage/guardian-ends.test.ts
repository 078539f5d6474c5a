import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Controller, makeCgroup, members, mountPoint, version } from '../../support/cgroups/cgroup-tree';
import { delegate } from '../../support/cgroups/delegate';
import { type Fixture, startFixture } from '../../support/fixture';
import { guardedProcesses, guardiansOf, type Sleeper } from '../../support/guarded';
import { patience } from '../../support/patience';
import { endNow, hasEnded, isAlive } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { until } from '../../support/until';

jest.setTimeout(patience(60_000));

const NOBODY = { uid: 65534, gid: 65534 };

describeIf(['cgroup', 'root'], 'what a guardian ends of a process with cages', () => {
  const { start, sleeper, expectNothingOf } = guardedProcesses();

  // kernfs orders a directory by a hash of the names, and a walk goes on at a hash. The hashes of `aoao` and the next
  // three are equal, and those of the last two equal the hashes of files that v1 and v2 have.
  test('ends what has names that kernfs takes for the same', async () => {
    const parent = start('below aoao aobd bdao bdbd slsks phos.max');
    const { pid } = await sleeper(parent);
    await parent.kill();
    await expectNothingOf(parent);
    expect(await hasEnded(pid)).toBe(true);
  });

  test('ends what has more levels than it may have fds', async () => {
    const parent = start('deep 500', { as: ['prlimit', '--nofile=200:200'] });
    const { pid } = await sleeper(parent);
    await parent.kill();
    await expectNothingOf(parent);
    expect(await hasEnded(pid)).toBe(true);
  });

  describeIf('v1', 'where a process that is root can give the directory of all cages another name', () => {
    test.each([
      ['SIGKILL', 'renamed'],
      ['SIGTERM', 'renamed'],
      ['SIGKILL', 'renamed decoy'],
    ] as const)('nothing is left after %s of one that is %s', async (signal, how) => {
      const parent = start(how);
      const { pid, cgroup } = await sleeper(parent);
      expect(existsSync(cgroup)).toBe(true);
      parent.process.kill(signal);
      await parent.exit;
      await until('it is gone', () => !existsSync(cgroup));
      await expectNothingOf(parent);
      expect(await hasEnded(pid)).toBe(true);
    });
  });

  describeIf('v1', 'where such a process gives it one name after another', () => {
    // Whoever looks the name up and then uses it fails in one of eight.
    test.each([1, 2, 3, 4, 5, 6, 7, 8])('nothing is left of any (%s)', async () => {
      const parent = start('renaming');
      const { pid, owner } = (await sleeper(parent)) as Sleeper & { owner: string };
      await parent.kill();
      await expectNothingOf(parent);
      expect(await hasEnded(pid)).toBe(true);
      expect(readdirSync(dirname(owner)).filter((name) => name === 'memcage-test-renamed')).toEqual([]);
    });
  });

  test('an unprivileged user who has taken his own permissions away', async () => {
    const place = makeCgroup();
    try {
      const parent = start('again', { as: delegate(place.path, NOBODY), env: { MEMCAGE_PARENT: place.path } });
      const { pid, cgroup } = await sleeper(parent);
      await until('both sleep', () => members(cgroup).length === 2);
      const nested = join(cgroup, 'nested');
      mkdirSync(nested);
      chmodSync(join(cgroup, 'cgroup.procs'), 0);
      for (const path of [nested, cgroup]) chmodSync(path, 0);
      await parent.kill();
      await expectNothingOf(parent);
      expect(await hasEnded(pid)).toBe(true);
    } finally {
      place.remove();
    }
  });
});

describeIf(['cgroup', 'root'], 'what a guardian ends of what it was told', () => {
  let place: ReturnType<typeof makeCgroup> | undefined;
  let running: Fixture | undefined;

  afterEach(async () => {
    if (running !== undefined) {
      endNow(running.pid);
      await running.end;
      await until('no guardian', () => guardiansOf(running?.pid ?? 0).length === 0);
    }
    running = undefined;
    place?.remove();
    place = undefined;
  });

  const freezers = { unified: ['cgroup.freeze', '1'], freezer: ['freezer.state', 'FROZEN'] };
  const cases: [controller: Controller, freeze: string[] | undefined][] = [
    ...(version === 1 ? [['memory', undefined] as [Controller, undefined]] : []),
    ['unified', undefined],
    ['unified', freezers.unified],
    ['freezer', undefined],
    ['freezer', freezers.freezer],
  ];

  testRows(
    'in each hierarchy, frozen or not',
    cases.filter(([controller]) => mountPoint(controller) !== ''),
    async ([controller, freeze]) => {
      place = makeCgroup(undefined, controller);
      const name = `memcage-${process.pid}-1`;
      running = startFixture('native/guarded.js', { parent: place.path, name, kind: 'owner', freeze });
      const { stdout } = running.process;
      if (stdout === null) throw new Error('no stdout');
      const [line] = (await once(stdout, 'data')) as [Buffer];
      const pids = JSON.parse(line.toString()) as number[];
      expect(pids.filter(isAlive)).toHaveLength(2);
      const path = join(place.path, name);
      // Another directory, whose name is merely similar, stays.
      mkdirSync(`${path}0`);
      endNow(running.pid);
      await running.end;
      await until('the end of all', () => !pids.some(isAlive) && !existsSync(path), 1000);
      expect(existsSync(`${path}0`)).toBe(true);
    },
    { limitMs: 60_000 },
  );

  test.each([
    ['given back when nobody else is in it', false],
    ['left to a child without a cage', true],
  ])('the leaf of v2 that the process has moved to is %s', async (_, stay) => {
    place = makeCgroup(undefined, 'unified');
    const name = `memcage-self-${process.pid}-0`;
    running = startFixture('native/guarded-leaf.js', { parent: place.path, name, stay });
    const { stdout } = running.process;
    if (stdout === null) throw new Error('no stdout');
    const [line] = (await once(stdout, 'data')) as [Buffer];
    const [child = 0] = JSON.parse(line.toString()) as number[];
    const leaf = join(place.path, name);
    expect(members(leaf).sort()).toEqual([running.pid, ...guardiansOf(running.pid), ...(stay ? [child] : [])].sort());
    endNow(running.pid);
    await until('no guardian', () => guardiansOf(running?.pid ?? 0).length === 0);
    expect(existsSync(leaf)).toBe(stay);
    expect(members(place.path)).toEqual(stay ? [child] : []);
    if (!stay) return;
    endNow(child);
    await until('dead', () => members(leaf).length === 0);
  });

  test('"detached" lives on, but what is empty goes', async () => {
    place = makeCgroup(undefined, 'unified');
    const name = `memcage-${process.pid}-2`;
    running = startFixture('native/guarded.js', { parent: place.path, name, kind: 'detached' });
    const { stdout } = running.process;
    if (stdout === null) throw new Error('no stdout');
    const [line] = (await once(stdout, 'data')) as [Buffer];
    const pids = JSON.parse(line.toString()) as number[];
    const empty = join(place.path, name, 'empty');
    mkdirSync(empty);
    endNow(running.pid);
    await running.end;
    await until('no guardian', () => guardiansOf(running?.pid ?? 0).length === 0);
    expect(pids.filter(isAlive)).toEqual(pids);
    expect(existsSync(empty)).toBe(false);
    pids.forEach(endNow);
    await until('dead', () => members(join(place?.path ?? '', name)).length === 0);
  });
});
