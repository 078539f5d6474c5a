import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { Cgroup } from 'memcage';
import { limitOf, members, version } from '../../support/cgroup-tree';
import { withCode } from '../../support/error-code';
import { openFdCount } from '../../support/fds';
import { endNow, isAlive } from '../../support/processes';
import { describeIf } from '../../support/require';
import { other, strangers } from '../../support/strangers';
import { until } from '../../support/until';

describeIf('cgroup', `a Cgroup that is gone or closed on v${version}`, () => {
  const { inhabit, make } = strangers();

  const uses: [string, (cgroup: Cgroup) => unknown][] = [
    ['add', (cgroup) => cgroup.add(process.pid)],
    ['stat', (cgroup) => cgroup.stat()],
    ['usage', (cgroup) => cgroup.usage()],
    ['limits', (cgroup) => cgroup.limits()],
    ['setLimits', (cgroup) => cgroup.setLimits('64M')],
    ['setLimits of something else', (cgroup) => cgroup.setLimits({ [other]: '64M' })],
    ['peak', (cgroup) => cgroup.peak()],
    ['procs', (cgroup) => cgroup.procs()],
    ['threads', (cgroup) => cgroup.threads()],
    ['kill', (cgroup) => cgroup.kill()],
    ['remove', (cgroup) => cgroup.remove()],
    ['create below', (cgroup) => Cgroup.create('a', { parent: cgroup })],
  ];

  describe('after the cgroup was removed by someone else', () => {
    test.each(uses)('%s', async (_, use) => {
      const path = make();
      using cgroup = Cgroup.open(path);
      cgroup.stat();
      rmdirSync(path);
      await expect((async () => use(cgroup))()).rejects.toEqual(withCode('CGROUP_GONE'));
    });

    test.each(uses)('and made again under the same name: %s does not touch the new one', async (_, use) => {
      const path = make();
      using cgroup = Cgroup.open(path);
      cgroup.stat();
      rmdirSync(path);
      mkdirSync(path);
      const pid = await inhabit(path);
      await expect((async () => use(cgroup))()).rejects.toEqual(withCode('CGROUP_GONE'));
      expect(isAlive(pid)).toBe(true);
      expect(members(path)).toEqual([pid]);
      expect(limitOf(path)).toBe(Number.POSITIVE_INFINITY);
      endNow(pid);
      await until('empty', () => members(path).length === 0);
      await expect((async () => use(cgroup))()).rejects.toEqual(withCode('CGROUP_GONE'));
      expect(existsSync(path)).toBe(true);
    });
  });

  describe('after close()', () => {
    test.each(uses.filter(([name]) => name !== 'create below'))('%s', async (_, use) => {
      const path = make();
      const fds = openFdCount();
      const cgroup = Cgroup.open(path);
      cgroup.stat();
      cgroup.close();
      cgroup.close();
      cgroup[Symbol.dispose]();
      await cgroup[Symbol.asyncDispose]();
      expect(openFdCount()).toBe(fds);
      await expect((async () => use(cgroup))()).rejects.toEqual(withCode('CLOSED'));
      expect(existsSync(path)).toBe(true);
    });
  });
});
