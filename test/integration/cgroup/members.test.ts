import { spawn as nodeSpawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { Cgroup } from 'memcage/cgroup';
import { cgroupOf, members, version } from '../../support/cgroups/cgroup-tree';
import { strangers } from '../../support/cgroups/strangers';
import { withCode } from '../../support/error-code';
import { expectNoNewFds, openFds } from '../../support/processes/fds';
import { isAlive } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

describeIf('cgroup', `members of a Cgroup on v${version}`, () => {
  const { inhabit, make } = strangers();

  test('moves a process; what can not be moved is an error', async () => {
    const [from, to] = [make(), make()];
    const pid = await inhabit(from);
    using cgroup = Cgroup.open(to);
    cgroup.add(pid);
    expect(cgroupOf(pid)).toBe(to);
    expect(members(from)).toEqual([]);

    const ended = nodeSpawn('true');
    await until('ended', () => ended.exitCode !== null);
    expect(() => cgroup.add(ended.pid ?? 0)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
    for (const wrong of [0, -1, 1.5, Number.NaN, 2 ** 31, '7', null])
      expect(() => cgroup.add(wrong as number)).toThrow(withCode('INVALID_ARGUMENT'));
  });

  test('kill() ends all below', async () => {
    const path = make();
    mkdirSync(`${path}/a`);
    const pids = [await inhabit(path), await inhabit(`${path}/a`)];
    using cgroup = Cgroup.open(path);
    await cgroup.kill();
    await until('all are dead', () => !pids.some(isAlive), 1000);
    expect(members(path)).toEqual([]);
    await cgroup.kill();
    expect(existsSync(path)).toBe(true);
  });

  test('remove() takes what is below along, and refuses while processes are there', async () => {
    const path = make();
    mkdirSync(`${path}/a`);
    mkdirSync(`${path}/a/b`);
    const pid = await inhabit(`${path}/a`);
    const fds = openFds();
    const cgroup = Cgroup.open(path);
    await expect(cgroup.remove()).rejects.toEqual(
      expect.objectContaining({ code: 'ERR_MEMCAGE_BUSY', path, message: expect.stringContaining(String(pid)) }),
    );
    expect(cgroup.pids()).toEqual([pid]);
    await cgroup.kill();
    await cgroup.remove();
    expect(existsSync(path)).toBe(false);
    await expectNoNewFds(fds);
    expect(() => cgroup.stat()).toThrow(withCode('CLOSED'));
  });
});
