import { existsSync, rmdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { createCage, type Size, spawn, whyUnsupported } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { cgroupOf, limitOf, members, tree, version } from '../../support/cgroups/cgroup-tree';
import { other, strangers } from '../../support/cgroups/strangers';
import { withCode } from '../../support/error-code';
import { expectNoNewFds, openFds } from '../../support/processes/fds';
import { endNow, isAlive } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { product, testRows } from '../../support/rows';
import { thrown } from '../../support/thrown';
import { until } from '../../support/until';

const MIB = 1 << 20;

describeIf('cgroup', `a Cgroup that is gone or closed on v${version}`, () => {
  const { inhabit, make } = strangers();

  const uses: Record<string, (cgroup: Cgroup) => unknown> = {
    add: (cgroup) => cgroup.add(process.pid),
    stat: (cgroup) => cgroup.stat(),
    usage: (cgroup) => cgroup.usage(),
    limits: (cgroup) => cgroup.limits(),
    setLimits: (cgroup) => cgroup.setLimits('64M'),
    'setLimits of something else': (cgroup) => cgroup.setLimits({ [other]: '64M' }),
    peak: (cgroup) => cgroup.peak(),
    pids: (cgroup) => cgroup.pids(),
    threads: (cgroup) => cgroup.threads(),
    details: (cgroup) => cgroup.details(),
    descendants: (cgroup) => [...cgroup.descendants()],
    kill: (cgroup) => cgroup.kill(),
    remove: (cgroup) => cgroup.remove(),
    'create below': (cgroup) => Cgroup.create('a', { parent: cgroup }),
    'a cage in it': (cgroup) => createCage({ memory: '8M', parent: cgroup }),
    'a child in it': (cgroup) => spawn('true', { memory: '8M', parent: cgroup }),
    'whether one can be': (cgroup) => {
      throw whyUnsupported({ memory: '8M', parent: cgroup });
    },
  };
  const below = (path: string, memory: Size): Cgroup =>
    Cgroup.create(basename(path), { parent: dirname(path), memory });

  /**
   * Handles on a cgroup that existed before, and on one that memcage made; with its files open already, and without.
   */
  const handles: Record<string, () => Cgroup> = {
    opened: () => Cgroup.open(make()),
    'opened and read': () => read(Cgroup.open(make())),
    created: () => create('10M'),
    'created and read': () => read(create('10M')),
  };
  const read = (cgroup: Cgroup): Cgroup => {
    cgroup.stat();
    return cgroup;
  };
  const create = (memory: Size): Cgroup => {
    // Makes a cgroup first, so that it is removed after the test in any case.
    const path = make();
    rmdirSync(path);
    return below(path, memory);
  };
  const rows = product<[string, string]>(Object.keys(handles), Object.keys(uses));

  const handleOf = (kind: string): Cgroup => (handles[kind] as () => Cgroup)();
  /** A use as a promise, whether it throws or rejects. */
  const attempt = async (cgroup: Cgroup, use: string): Promise<unknown> => uses[use]?.(cgroup);

  describe('after the cgroup was removed by someone else', () => {
    testRows('each use says so, with the path', rows, async ([kind, use]) => {
      using cgroup = handleOf(kind);
      rmdirSync(cgroup.path);
      await expect(attempt(cgroup, use)).rejects.toMatchObject({
        code: 'ERR_MEMCAGE_NO_CGROUP',
        path: expect.stringContaining(cgroup.path) as string,
      });
    });

    testRows('and made again under the same name: no use touches the new one', rows, async ([kind, use]) => {
      using cgroup = handleOf(kind);
      const { path } = cgroup;
      rmdirSync(path);
      using successor = below(path, '20M');
      const pid = await inhabit(path);
      await expect(attempt(cgroup, use)).rejects.toEqual(withCode('NO_CGROUP'));
      expect(isAlive(pid)).toBe(true);
      expect(members(path)).toEqual([pid]);
      expect(limitOf(path)).toBe(20 * MIB);
      expect(successor.limits().max).toBe(20 * MIB);
      endNow(pid);
      await until('empty', () => members(path).length === 0);
      await expect(attempt(cgroup, use)).rejects.toEqual(withCode('NO_CGROUP'));
      expect(existsSync(path)).toBe(true);
    });

    test('kill and remove, one after the other, also when another one has its name by now', async () => {
      using cgroup = create('10M');
      const { path } = cgroup;
      rmdirSync(path);
      await expect(cgroup.kill()).rejects.toEqual(withCode('NO_CGROUP'));
      await expect(cgroup.remove()).rejects.toEqual(withCode('NO_CGROUP'));
      using successor = below(path, '20M');
      await expect(cgroup.kill()).rejects.toEqual(withCode('NO_CGROUP'));
      await expect(cgroup.remove()).rejects.toEqual(withCode('NO_CGROUP'));
      expect(successor.limits().max).toBe(20 * MIB);
    });
  });

  describe('after close()', () => {
    const isUseOfHandle = (use: string): boolean => use !== 'create below';

    testRows('each use says so', Object.keys(uses).filter(isUseOfHandle), async (use) => {
      const path = make();
      const fds = openFds();
      const cgroup = read(Cgroup.open(path));
      cgroup.close();
      cgroup.close();
      cgroup[Symbol.dispose]();
      await cgroup[Symbol.asyncDispose]();
      await expectNoNewFds(fds);
      await expect(attempt(cgroup, use)).rejects.toEqual(withCode('CLOSED'));
      expect(existsSync(path)).toBe(true);
    });

    // Leaves out those that would end this process if they were not refused.
    const harmless = Object.keys(uses).filter((use) => isUseOfHandle(use) && !/^(add|kill|remove)/.test(use));

    testRows('of the own cgroup', harmless, (use) => {
      const cgroup = Cgroup.self();
      cgroup.close();
      expect(thrown(() => uses[use]?.(cgroup))).toMatchObject({ code: 'ERR_MEMCAGE_CLOSED' });
    });
  });

  test('of a shared cage that was removed: no child is started in it', async () => {
    const cage = createCage({ memory: '10M' });
    const { path } = cage.cgroup;
    expect(tree(cgroupOf('self'))).toContain(path);
    rmdirSync(path);
    expect(thrown(() => cage.spawn('true'))).toEqual(withCode('NO_CGROUP'));
    await cage.close();
  });
});
