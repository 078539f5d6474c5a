import { setImmediate as nextIteration } from 'node:timers/promises';
import { run, type Size, spawn } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { said } from '../../support/cage-kinds';
import { readNumber } from '../../support/cgroups/cgroup-tree';
import { home, uniqueName } from '../../support/cgroups/v2-home';
import { withCode } from '../../support/error-code';
import { kernelHas } from '../../support/kernel-version';
import { expectNothingLeft } from '../../support/nothing-left';
import { expectNoNewFds, openFds } from '../../support/processes/fds';
import { holding } from '../../support/processes/holding';
import { describeIf } from '../../support/require';

const MiB = 2 ** 20;

describeIf('reclaim', 'reclaim()', () => {
  expectNothingLeft(() => run('true', { memory: '8M', parent: home() }));

  test('of nothing is no error, and says so', async () => {
    using group = Cgroup.create(uniqueName('reclaim'), { parent: home() });
    expect(await group.reclaim('16M')).toBe(0);
    expect(await group.reclaim('max')).toBe(0);
    await group.remove();
  });

  test('with wrong arguments, and of a cgroup that is gone', async () => {
    using group = Cgroup.create(uniqueName('reclaim'), { parent: home() });
    const fds = openFds();
    for (const bytes of [0, -1, '1.5', null]) {
      await expect(group.reclaim(bytes as Size)).rejects.toThrow(withCode('INVALID_SIZE', 'for bytes'));
    }
    await expect(group.reclaim(100)).rejects.toThrow(withCode('LIMIT_TOO_SMALL'));
    for (const swappiness of [-1, 201, 1.5, '60']) {
      await expect(group.reclaim('1M', { swappiness: swappiness as number })).rejects.toThrow(
        withCode('INVALID_ARGUMENT', 'swappiness'),
      );
    }
    await expect(group.reclaim('1M', { swapiness: 1 } as object)).rejects.toThrow(withCode('UNKNOWN_OPTION'));
    await expectNoNewFds(fds);
    using other = Cgroup.open(group.path);
    await group.remove();
    await expect(other.reclaim('1M')).rejects.toThrow(withCode('NO_CGROUP'));
  });

  if (!kernelHas(6, 9)) {
    test('with a swappiness is refused by name', async () => {
      using group = Cgroup.create(uniqueName('reclaim'), { parent: home() });
      await expect(group.reclaim('1M', { swappiness: 0 })).rejects.toThrow(withCode('UNSUPPORTED', 'swappiness'));
      await group.remove();
    });
  }
});

describeIf(['reclaim', 'swap'], 'reclaim() with swap', () => {
  expectNothingLeft(() => run('true', { memory: '8M', parent: home() }));

  async function whileHeld(use: (cgroup: Cgroup) => Promise<void>): Promise<void> {
    const memory = { max: '128M', swap: 'max' } as const;
    const child = spawn(...holding(24), { memory, parent: home(), stdio: 'pipe' });
    await said(child, 'done');
    await use(child.cage.cgroup);
    child.stdin.end('\n');
    expect(await child.outcome).toMatchObject({ exitCode: 0, oom: null });
  }

  test('swaps out what was asked for, and says how much', async () => {
    await whileHeld(async (cgroup) => {
      const before = readNumber(cgroup.path, 'memory.current');
      const bytes = await cgroup.reclaim('8M');
      const after = readNumber(cgroup.path, 'memory.current');
      expect(bytes).toBe(before - after);
      expect(bytes).toBeGreaterThan(6 * MiB);
      expect(bytes).toBeLessThan(16 * MiB);
      expect(readNumber(cgroup.path, 'memory.swap.current')).toBeGreaterThan(4 * MiB);
    });
  });

  test('gives what there is when that is less', async () => {
    await whileHeld(async (cgroup) => {
      const bytes = await cgroup.reclaim('1G');
      expect(bytes).toBeGreaterThan(16 * MiB);
      expect(bytes).toBeLessThan(64 * MiB);
    });
  });

  test('leaves the event loop free', async () => {
    await whileHeld(async (cgroup) => {
      let done = false;
      const reclaiming = cgroup.reclaim('max').then(() => {
        done = true;
      });
      await nextIteration();
      expect(done).toBe(false);
      await reclaiming;
    });
  });

  if (kernelHas(6, 12)) {
    test('with a swappiness of 0 swaps nothing out, with 200 it does', async () => {
      await whileHeld(async (cgroup) => {
        await cgroup.reclaim('8M', { swappiness: 0 });
        expect(readNumber(cgroup.path, 'memory.swap.current')).toBe(0);
        await cgroup.reclaim('8M', { swappiness: 200 });
        expect(readNumber(cgroup.path, 'memory.swap.current')).toBeGreaterThan(4 * MiB);
      });
    });
  }
});
