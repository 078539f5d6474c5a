import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Size } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { version } from '../../support/cgroups/cgroup-tree';
import { controllerCgroup } from '../../support/cgroups/side-cgroups';
import { cagesClosedAfterEach } from '../../support/closed-after-each';
import { expectNothingLeft } from '../../support/nothing-left';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

const MIB = 2 ** 20;
const ALLOWED = ['sed', ['-n', 's/^Cpus_allowed_list:\t//p', '/proc/self/status']] as const;

async function warmUp(make: ReturnType<typeof cagesClosedAfterEach>): Promise<void> {
  const cage = make({ memory: '50M', cpu: { set: '0' } });
  await cage.run('true');
  await cage.close();
}

describeIf(['cgroup', 'cpu', 'cpuset'], 'limits of each child besides those of its cage', () => {
  const make = cagesClosedAfterEach();
  expectNothingLeft(() => warmUp(make));

  testRows<[before: Size, perChild: Size, after: Size]>(
    'hold when the cage gets more memory',
    [
      ['100M', '100M', '400M'],
      ['50M', '100M', '400M'],
    ],
    async ([before, perChild, after]) => {
      const cage = make({ memory: before, perChild: { memory: perChild } });
      const child = cage.spawn('sleep', ['60']);
      cage.setLimits({ memory: after });
      using own = Cgroup.of(child.pid as number);
      expect(own.limits().max).toBeLessThanOrEqual(100 * MIB);
      child.kill();
      expect((await child.outcome).memory.limitBytes).toBeLessThanOrEqual(100 * MIB);
    },
  );

  test('are the lower ones of both', async () => {
    const cage = make({ cpu: { max: 1, weight: 300 }, perChild: { cpu: { max: 2, weight: 10 } } });
    const read = (pid: number): string => {
      const path = controllerCgroup(pid, 'cpu');
      return readFileSync(`${path}/${version === 1 ? 'cpu.shares' : 'cpu.weight'}`, 'utf8').trim();
    };
    const child = cage.spawn('sleep', ['60'], { cpu: { weight: 10_000, max: 4 } });
    expect(read(child.pid as number)).toBe(version === 1 ? '102' : '10');
    child.kill();
    expect((await child.outcome).limits.cpu?.limit).toBe(1);
  });
});

describeIf(['cgroup', 'cpuset', 'two-processors'], 'processors of each child', () => {
  const make = cagesClosedAfterEach();
  expectNothingLeft(() => warmUp(make));

  test('are those that all limits have in common', async () => {
    const cage = make({ cpu: { set: '0' }, perChild: { cpu: { set: '0-1' } } });
    expect((await cage.run(...ALLOWED)).stdout).toBe('0\n');
    const other = make({ memory: '100M', perChild: { cpu: { set: '0' } } });
    expect((await other.run(...ALLOWED, { cpu: { set: '0-1' } })).stdout).toBe('0\n');
    await expect(other.run(...ALLOWED, { cpu: { set: '1' } })).rejects.toMatchObject({
      code: 'ERR_MEMCAGE_LIMIT_REFUSED',
      message: expect.stringContaining('no processor in common') as string,
    });
  });

  test('are those that all limits have in common, two cages out', async () => {
    const outer = make({ cpu: { set: '0' } });
    const middle = outer.contain(() => make({ cpu: { max: 1 } }));
    expect((await middle.run(...ALLOWED, { cpu: { set: '0-1' } })).stdout).toBe('0\n');
  });

  test('stay as they were when others are refused', async () => {
    const cage = make({ cpu: { max: 1, set: '0' } });
    expect(() => cage.setLimits({ cpu: { max: 0.5, set: '0-4000' } })).toThrow('cpu.set');
    const { stdout, limits } = await cage.run(...ALLOWED);
    expect(stdout).toBe('0\n');
    // It was written before.
    expect(limits.cpu?.limit).toBe(0.5);
    expect(() => make({ cpu: 'max' }).setLimits({ cpu: { set: '0' } })).toThrow(/Make the cage with a cpu.set/);
  });
});

describeIf(['cgroup', 'swap-accounting'], 'swap of each child', () => {
  const make = cagesClosedAfterEach();
  expectNothingLeft(() => warmUp(make));

  testRows<[object, number]>(
    'is the lower one of both',
    [
      [{ swap: 0 }, 0],
      [{ swap: '20M' }, 20 * MIB],
      [{ swap: '300M' }, 100 * MIB],
      [{ max: '50M' }, 0],
      [{ max: '400M', swap: '10M' }, 10 * MIB],
    ],
    async ([memory, expected]) => {
      const cage = make({ memory: { max: '200M', swap: '100M' }, perChild: { memory } });
      const child = cage.spawn('sleep', ['60']);
      using own = Cgroup.of(child.pid as number);
      expect(dirname(own.path)).toBe(cage.cgroup.path);
      expect(own.limits().swap).toBe(expected);
      child.kill();
      await child.outcome;
    },
  );
});
