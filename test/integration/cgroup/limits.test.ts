import { readFileSync } from 'node:fs';
import { type MemoryLimits, type Size, spawn } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { limitOf, oomKills, read, version } from '../../support/cgroups/cgroup-tree';
import { foreign, other, strangers } from '../../support/cgroups/strangers';
import { withCode } from '../../support/error-code';
import { isAlive } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

function open<T>(path: string, use: (cgroup: Cgroup) => T): T {
  using cgroup = Cgroup.open(path);
  return use(cgroup);
}

const isSwapOn = readFileSync('/proc/swaps', 'utf8').trimEnd().includes('\n');

describeIf('cgroup', `Cgroup.setLimits() on v${version}`, () => {
  const { inhabit, make } = strangers();

  test('up, down, and off; what is left out stays', () => {
    const path = make();
    using cgroup = Cgroup.open(path);
    for (const max of ['32M', '64M', '16M', 'max', '8M'] as const) {
      cgroup.setLimits({ max });
      const bytes = max === 'max' ? Number.POSITIVE_INFINITY : Number.parseInt(max, 10) << 20;
      expect(limitOf(path)).toBe(bytes);
      expect(cgroup.limits().max).toBe(bytes);
    }
    cgroup.setLimits({ [other]: '4M' });
    expect(cgroup.limits()).toMatchObject({ max: 8 << 20, [other]: 4 << 20 });
    const [first, second] =
      version === 1
        ? ([{ oomKill: false }, { oomKill: true, swappiness: 3 }] as const)
        : ([{ oomGroup: true }, { oomGroup: false, low: '2M', min: '1M' }] as const);
    cgroup.setLimits(first);
    expect(cgroup.limits()).toMatchObject({ max: 8 << 20, [other]: 4 << 20, ...first });
    cgroup.setLimits(second);
    expect(cgroup.limits()).toMatchObject(
      version === 1
        ? { max: 8 << 20, [other]: 4 << 20, ...second }
        : { max: 8 << 20, high: 4 << 20, oomGroup: false, low: 2 << 20, min: 1 << 20 },
    );
  });

  async function lowerBelowUse(change: MemoryLimits): Promise<{ path: string; pid: number; lower: () => void }> {
    const path = make('64M');
    const pid = await inhabit(path, "x=$(head -c 16M /dev/zero | tr '\\0' x)");
    return { path, pid, lower: () => open(path, (cgroup) => cgroup.setLimits(change)) };
  }

  describeIf('v1', 'below what is in use', () => {
    test('refused: nothing has changed', async () => {
      const { path, pid, lower } = await lowerBelowUse({
        max: '4M',
        ...(other === 'soft' && { soft: '2M' }),
        swappiness: 11,
        oomKill: false,
      });
      const names = ['memory.limit_in_bytes', 'memory.soft_limit_in_bytes', 'memory.swappiness', 'memory.oom_control'];
      const before = names.map((file) => read(path, file));
      // With swap, the kernel can reclaim memory, and refuses only the limit of both.
      const [option, file] = isSwapOn ? ['swap', 'memory.memsw.limit_in_bytes'] : ['max', 'memory.limit_in_bytes'];
      expect(lower).toThrow(
        expect.objectContaining({
          code: 'ERR_MEMCAGE_LIMIT_REFUSED',
          syscall: 'write',
          path: `${path}/${file}`,
          message: expect.stringMatching(new RegExp(`^memory\\.${option} .* in use`)),
        }),
      );
      expect(names.map((file) => read(path, file))).toEqual(before);
      expect(isAlive(pid)).toBe(true);
    });
  });

  describeIf('v2', 'below what is in use', () => {
    test('the kernel kills until it holds', async () => {
      const { path, pid, lower } = await lowerBelowUse({ max: '4M' });
      lower();
      await until('killed', () => !isAlive(pid));
      expect(oomKills(path)).toBe(1);
      expect(limitOf(path)).toBe(4 << 20);
    });
  });

  describeIf('no-soft-limit', 'a soft limit that the kernel would ignore', () => {
    test('is refused: nothing has changed', () => {
      const path = make('64M');
      using cgroup = Cgroup.open(path);
      const refused = expect.objectContaining({
        code: 'ERR_MEMCAGE_UNSUPPORTED',
        path: `${path}/memory.soft_limit_in_bytes`,
        message: expect.stringMatching(/^memory\.soft: .* no soft limits any more; leave the option out$/),
      });
      expect(() => cgroup.setLimits({ max: '32M', soft: '16M' })).toThrow(refused);
      expect(limitOf(path)).toBe(64 << 20);
      cgroup.setLimits({ max: '32M', soft: 'max' });
      expect(limitOf(path)).toBe(32 << 20);
      expect(() => cgroup.set('memory.soft_limit_in_bytes' as never, '16M' as never)).toThrow(withCode('UNSUPPORTED'));
      expect(() => spawn('true', [], { memory: { max: '32M', soft: '16M' } })).toThrow(withCode('UNSUPPORTED'));
    });
  });

  test('wrong ones change nothing', () => {
    const path = make('64M');
    using cgroup = Cgroup.open(path);
    expect(() => cgroup.setLimits({ max: '10X' as Size })).toThrow(withCode('INVALID_SIZE'));
    expect(() => cgroup.setLimits({ max: 1 })).toThrow(withCode('LIMIT_TOO_SMALL'));
    expect(() => cgroup.setLimits({ max: '8M', [foreign]: '4M' })).toThrow(withCode('NOT_IN_VERSION'));
    expect(() => cgroup.setLimits({ maximum: '8M' } as object)).toThrow(withCode('UNKNOWN_OPTION'));
    expect(limitOf(path)).toBe(64 << 20);
  });
});
