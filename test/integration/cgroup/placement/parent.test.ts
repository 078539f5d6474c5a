import { existsSync, mkdirSync } from 'node:fs';
import { createCage, run, spawn } from 'memcage';
import {
  cagesOf,
  cgroupOf,
  makeCgroup,
  members,
  mountPoint,
  openCages,
  removeTree,
  write,
} from '../../../support/cgroups/cgroup-tree';
import { expectNothingLeft } from '../../../support/nothing-left';
import { expectNoNewFds, openFds } from '../../../support/processes/fds';
import { endNow } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

describeIf('cgroup', 'the parent of cages', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }), { parents: true });

  test('a cage is made in it', async () => {
    const parent = makeCgroup('64M');
    const child = spawn('sleep', ['100'], { memory: '8M', parent: parent.path });
    expect(child.cage.cgroup.path.startsWith(`${parent.path}/`)).toBe(true);
    expect(cgroupOf(child.pid ?? 0)).toBe(child.cage.cgroup.path);
    child.kill('SIGKILL');
    await child.outcome;
    parent.remove();
  });

  test('one that does not exist, or is none', () => {
    expect(() => spawn('true', [], { memory: '8M', parent: '/no/such/cgroup' })).toThrow(
      expect.objectContaining({ code: 'ERR_MEMCAGE_NO_PARENT' }),
    );
    expect(() => createCage({ memory: '8M', parent: `${cgroupOf('self')}/cgroup.procs` })).toThrow(
      expect.objectContaining({ code: 'ERR_MEMCAGE_NO_PARENT' }),
    );
    for (const parent of ['', 'a/../b', 'a\0b', 5]) {
      expect(() => createCage({ memory: '8M', parent: parent as string })).toThrow(
        expect.objectContaining({ code: 'ERR_MEMCAGE_INVALID_ARGUMENT' }),
      );
    }
  });

  test('removed, and made again under the same name', async () => {
    const parent = makeCgroup();
    for (let round = 0; round < 3; round += 1) {
      for (let start = 0; start < 3; start += 1) {
        expect(await run('true', { memory: '8M', parent: parent.path })).toMatchObject({ exitCode: 0 });
      }
      removeTree(parent.path);
      mkdirSync(parent.path);
    }
    parent.remove();
  });

  test('what a removed one has cost is given back', async () => {
    const visit = async () => {
      const parent = makeCgroup();
      for (let start = 0; start < 3; start += 1) await run('true', { memory: '8M', parent: parent.path });
      // It is made at once or a little later. Both counts must include its fds.
      await until('a cage is kept ready', () => openCages().some((path) => path.startsWith(`${parent.path}/`)));
      parent.remove();
    };
    for (let round = 0; round < 3; round += 1) await visit();
    const fds = openFds();
    for (let round = 0; round < 20; round += 1) await visit();
    await expectNoNewFds(fds);
  });

  test('an open cage whose parent is gone does not touch those of the next one', async () => {
    const parent = makeCgroup();
    const cages = Array.from({ length: 4 }, () => createCage({ memory: '8M', parent: parent.path }));
    const child = cages[0]?.spawn('sleep', ['100'], { stdio: 'ignore' });
    // Move the child out of its cage, which is then removed with everything above it.
    write(cgroupOf('self'), 'cgroup.procs', String(child?.pid));
    removeTree(parent.path);

    mkdirSync(parent.path);
    const others = Array.from({ length: 4 }, () =>
      spawn('sleep', ['100'], { memory: '8M', parent: parent.path, stdio: 'ignore' }),
    );
    for (const cage of cages) await cage.close();
    endNow(child?.pid ?? 0);
    expect(await child?.outcome).toMatchObject({ signal: 'SIGKILL', oom: { cause: 'unknown', kills: 0 } });

    expect(members(parent.path).sort()).toEqual(others.map(({ pid }) => pid).sort());
    for (const { cage } of others) expect(existsSync(cage.cgroup.path)).toBe(true);
    for (const { cage } of others) await cage.close();
    parent.remove();
  });

  test("the directory of this process's cages was removed by someone else", async () => {
    await run('true', { memory: '8M' });
    // Remove everything that is empty: the cage roots in each hierarchy, with the cage that was made ahead.
    ownersDirectories().forEach(removeTree);
    expect(openCages()).toEqual([]);
    for (let start = 0; start < 3; start += 1)
      expect(await run('true', { memory: '8M' })).toMatchObject({ exitCode: 0 });
    await createCage({ memory: '8M' }).close();
    await until('no cage left', () => openCages().length <= 2);
  });

  describeIf('hybrid', 'whose kill cgroup is another directory', () => {
    test('only that was removed', async () => {
      ownersDirectories()
        .filter((path) => path.startsWith(mountPoint('unified')))
        .forEach(removeTree);
      for (let start = 0; start < 3; start += 1)
        expect(await run('true', { memory: '8M' })).toMatchObject({ exitCode: 0 });
    });
  });

  function ownersDirectories(): string[] {
    return cagesOf(process.pid).filter((path) => /\/memcage-\d+-[0-9a-f]+$/.test(path));
  }
});
