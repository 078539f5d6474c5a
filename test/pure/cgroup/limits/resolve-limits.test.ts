import type { ResolvedLimits } from '../../../../lib/cgroup/limits/cage-limits';
import { resolveLimits as resolveLimitsOf } from '../../../../lib/cgroup/limits/resolve-limits';
import type { MemoryChange } from '../../../../types/options';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

const MiB = 1024 ** 2;
const UNLIMITED = Number.POSITIVE_INFINITY;

function resolveLimits(option: MemoryChange, pageBytes?: number): ResolvedLimits {
  return resolveLimitsOf(option, { of: 'spawn', ...(pageBytes !== undefined && { pageBytes }) });
}

describe('resolveLimits', () => {
  it('takes a size as max', () => {
    expect(resolveLimits('100M')).toEqual({ max: 100 * MiB });
    expect(resolveLimits(8192)).toEqual({ max: 8192 });
    expect(resolveLimits('max')).toEqual({ max: UNLIMITED });
  });

  it('takes every name and leaves out what is left out', () => {
    const all = {
      max: '100M',
      swap: 0,
      swapHigh: '20M',
      zswap: 0,
      high: '90M',
      low: '0',
      min: 4096,
      soft: '50M',
      swappiness: 60,
      oomGroup: true,
      oomKill: false,
    } as const;

    expect(resolveLimits(all)).toEqual({
      max: 100 * MiB,
      swap: 0,
      swapHigh: 20 * MiB,
      zswap: 0,
      high: 90 * MiB,
      low: 0,
      min: 4096,
      soft: 50 * MiB,
      swappiness: 60,
      oomGroup: true,
      oomKill: false,
    });
    expect(resolveLimits({})).toEqual({});
  });

  testRows(
    'refuses what is wrong, by its name',
    [
      [{ max: 0 }, 'ERR_MEMCAGE_INVALID_SIZE', 'memory.max'],
      [{ max: null }, 'ERR_MEMCAGE_INVALID_SIZE', 'memory.max'],
      [{ high: '10X' }, 'ERR_MEMCAGE_INVALID_SIZE', 'memory.high'],
      [{ soft: 0 }, 'ERR_MEMCAGE_INVALID_SIZE', 'memory.soft'],
      [{ swap: '-1' }, 'ERR_MEMCAGE_INVALID_SIZE', 'memory.swap'],
      [{ swapHigh: 'X' }, 'ERR_MEMCAGE_INVALID_SIZE', 'memory.swapHigh'],
      [{ zswap: -1 }, 'ERR_MEMCAGE_INVALID_SIZE', 'memory.zswap'],
      [{ zswap: 100 }, 'ERR_MEMCAGE_LIMIT_TOO_SMALL', 'memory.zswap'],
      [{ low: 1 }, 'ERR_MEMCAGE_LIMIT_TOO_SMALL', 'memory.low'],
      [{ min: 4095 }, 'ERR_MEMCAGE_LIMIT_TOO_SMALL', 'memory.min'],
      [{ swappiness: -1 }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'memory.swappiness'],
      [{ swappiness: 201 }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'memory.swappiness'],
      [{ swappiness: 1.5 }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'memory.swappiness'],
      [{ swappiness: '60' }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'memory.swappiness'],
      [{ oomGroup: 1 }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'memory.oomGroup'],
      [{ oomKill: 'false' }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'memory.oomKill'],
      [{ Max: '1M' }, 'ERR_MEMCAGE_UNKNOWN_OPTION', "'memory.Max' of spawn: did you mean 'memory.max'?"],
      [{ max: '1M', toString: 1 }, 'ERR_MEMCAGE_UNKNOWN_OPTION', "'memory.toString' of spawn: memory has max, "],
      ['10X', 'ERR_MEMCAGE_INVALID_SIZE', 'memory'],
      [0, 'ERR_MEMCAGE_INVALID_SIZE', 'memory'],
      [100, 'ERR_MEMCAGE_LIMIT_TOO_SMALL', 'memory'],
      [null, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'memory'],
      [undefined, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'memory'],
      [true, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'memory'],
      [['1M'], 'ERR_MEMCAGE_INVALID_ARGUMENT', 'memory'],
    ],
    ([option, code, words]) => {
      const resolve = () => resolveLimits(option as MemoryChange);

      expect(thrown(resolve)).toMatchObject({ code });
      expect(resolve).toThrow(code === 'ERR_MEMCAGE_UNKNOWN_OPTION' ? `Unknown option ${words}` : `for ${words}`);
    },
  );

  it.each([0, 200])('takes a swappiness of %p', (swappiness) => {
    expect(resolveLimits({ swappiness })).toEqual({ swappiness });
  });

  it('names what is allowed', () => {
    expect(() => resolveLimits({ limit: '1M' } as MemoryChange)).toThrow(
      "Unknown option 'memory.limit' of spawn: did you mean 'memory.max'? Cure: max: '1M'",
    );
  });

  it('knows larger pages', () => {
    expect(() => resolveLimits('32K', 65536)).toThrow(/65536/);
  });
});
