import * as fc from 'fast-check';
import type { ResolvedLimits } from '../../../../lib/cgroup/limits/cage-limits';
import { type LimitContext, type LimitWrite, planLimits } from '../../../../lib/cgroup/limits/limit-plan';
import { resolveLimits as resolveLimitsOf } from '../../../../lib/cgroup/limits/resolve-limits';
import type { MemoryChange } from '../../../../types/options';
import { starts } from '../../../support/children/starts';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

const MiB = 1024 ** 2;
const UNLIMITED = Number.POSITIVE_INFINITY;
const V1: LimitContext = { version: 1, swapAccounting: true };
const V2: LimitContext = { version: 2, swapAccounting: true };

function resolveLimits(option: MemoryChange, pageBytes?: number): ResolvedLimits {
  return resolveLimitsOf(option, { of: 'spawn', ...(pageBytes !== undefined && { pageBytes }) });
}

function written(writes: LimitWrite[]): string[] {
  return writes.map(({ file, value }) => `${file}=${value}`);
}

function plan(limits: MemoryChange, context: LimitContext): string[] {
  return written(planLimits(resolveLimits(limits), context).writes);
}

describe('planLimits on v1', () => {
  testRows<[string, MemoryChange, Partial<LimitContext>, string[]]>(
    'writes the files in an order that the kernel takes',
    [
      ['a fresh cgroup', '100M', {}, ['memory.limit_in_bytes=104857600', 'memory.memsw.limit_in_bytes=104857600']],
      [
        'swap on top',
        { max: '100M', swap: '20M' },
        {},
        ['memory.limit_in_bytes=104857600', 'memory.memsw.limit_in_bytes=125829120'],
      ],
      ['unlimited swap', { max: '100M', swap: 'max' }, {}, ['memory.limit_in_bytes=104857600']],
      ['no limit at all', 'max', {}, ['memory.limit_in_bytes=-1']],
      ['no swap accounting', '100M', { swapAccounting: false }, ['memory.limit_in_bytes=104857600']],
      [
        'TCP buffers, which are counted apart',
        '100M',
        { swapAccounting: false, tcpAccounting: true },
        ['memory.limit_in_bytes=104857600', 'memory.kmem.tcp.limit_in_bytes=104857600'],
      ],
      ['not without a limit', { soft: '1M' }, { tcpAccounting: true }, ['memory.soft_limit_in_bytes=1048576']],
      [
        'raising: the sum first',
        '200M',
        { current: { max: 100 * MiB, swap: 0 } },
        ['memory.memsw.limit_in_bytes=209715200', 'memory.limit_in_bytes=209715200'],
      ],
      [
        'lowering: the limit first',
        '50M',
        { current: { max: 100 * MiB, swap: 0 } },
        ['memory.limit_in_bytes=52428800', 'memory.memsw.limit_in_bytes=52428800'],
      ],
      [
        'a higher limit within a lower sum',
        { max: '120M', swap: 0 },
        { current: { max: 100 * MiB, swap: 50 * MiB } },
        ['memory.limit_in_bytes=125829120', 'memory.memsw.limit_in_bytes=125829120'],
      ],
      [
        'a lower limit within a higher sum',
        { max: '50M', swap: '200M' },
        { current: { max: 100 * MiB, swap: 0 } },
        ['memory.memsw.limit_in_bytes=262144000', 'memory.limit_in_bytes=52428800'],
      ],
      [
        'swap set before stays',
        '200M',
        { current: { max: 100 * MiB, swap: 20 * MiB } },
        ['memory.memsw.limit_in_bytes=230686720', 'memory.limit_in_bytes=209715200'],
      ],
      [
        'unlimited swap set before stays',
        '200M',
        { current: { max: 100 * MiB, swap: UNLIMITED } },
        ['memory.limit_in_bytes=209715200'],
      ],
      [
        'swap alone',
        { swap: '1M' },
        { current: { max: 100 * MiB, swap: 0 } },
        ['memory.memsw.limit_in_bytes=105906176'],
      ],
      ['swap alone, unchanged', { swap: 0 }, { current: { max: 100 * MiB, swap: 0 } }, []],
      ['swap set free', { swap: 'max' }, { current: { max: 100 * MiB, swap: 0 } }, ['memory.memsw.limit_in_bytes=-1']],
      [
        'all set free',
        'max',
        { current: { max: 100 * MiB, swap: 0 } },
        ['memory.memsw.limit_in_bytes=-1', 'memory.limit_in_bytes=-1'],
      ],
      [
        'pages, so that the sum is that of what the kernel takes',
        { max: 8191, swap: 8191 },
        {},
        ['memory.limit_in_bytes=4096', 'memory.memsw.limit_in_bytes=8192'],
      ],
      [
        'the rest',
        { soft: '50M', swappiness: 0, oomKill: false },
        {},
        ['memory.oom_control=1', 'memory.swappiness=0', 'memory.soft_limit_in_bytes=52428800'],
      ],
      ['what v1 does anyway', { oomGroup: false, oomKill: true }, {}, ['memory.oom_control=0']],
      ['nothing', {}, {}, []],
    ],
    ([, limits, context, writes]) => {
      expect(plan(limits, { ...V1, ...context })).toEqual(writes);
    },
  );

  testRows('has no limits of v2', ['high', 'low', 'min', 'swapHigh', 'zswap'], (name) => {
    expect(thrown(() => plan({ [name]: '10M' }, V1))).toMatchObject({ code: 'ERR_MEMCAGE_NOT_IN_VERSION' });
    expect(thrown(() => plan({ [name]: '10M' }, V1)).message).toContain(`memory.${name} needs cgroup v2`);
  });

  it('has no group kill', () => {
    expect(() => plan({ oomGroup: true }, V1)).toThrow('memory.oomGroup needs cgroup v2 (memory.oom.group)');
  });

  it.each<[MemoryChange]>([[{ swap: 0 }], [{ max: 'max', swap: '1M' }]])('%p lacks a limit', (limits) => {
    expect(thrown(() => plan(limits, V1))).toMatchObject({
      code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
      option: 'memory.swap',
      message: 'memory.swap needs memory.max on cgroup v1, which limits the sum of both',
    });
  });

  it('names the option that each write came from', () => {
    const { writes } = planLimits(resolveLimits({ max: '1M', soft: '1M' }), V1);

    expect(writes.map(({ option }) => option)).toEqual(['memory.soft', 'memory.max', 'memory.swap']);
  });
});

it('says which limit is in force afterwards', () => {
  const current = { max: MiB, swap: 0 };

  expect(planLimits({ max: 8191 }, V1).max).toBe(4096);
  expect(planLimits({}, V2).max).toBe(UNLIMITED);
  expect(planLimits({ swap: 0 }, { ...V1, current }).max).toBe(MiB);
});

describe('planLimits on v2', () => {
  testRows<[string, MemoryChange, Partial<LimitContext>, string[]]>(
    'writes the files in an order that the kernel takes',
    [
      ['a fresh cgroup', '100M', {}, ['memory.swap.max=0', 'memory.max=104857600']],
      ['swap on top', { max: '100M', swap: '20M' }, {}, ['memory.swap.max=20971520', 'memory.max=104857600']],
      ['unlimited swap', { max: '100M', swap: 'max' }, {}, ['memory.swap.max=max', 'memory.max=104857600']],
      ['no limit at all', 'max', {}, ['memory.max=max']],
      ['swap without max', { swap: 0 }, {}, ['memory.swap.max=0']],
      ['no swap accounting', '100M', { swapAccounting: false }, ['memory.max=104857600']],
      ['a later limit', '200M', { current: { max: 100 * MiB, swap: 20 * MiB } }, ['memory.max=209715200']],
      ['swap limited before', '200M', { current: { max: UNLIMITED, swap: 20 * MiB } }, ['memory.max=209715200']],
      [
        'the rest',
        { high: '90M', low: 0, min: 8191, oomKill: true },
        {},
        ['memory.high=94371840', 'memory.low=0', 'memory.min=4096'],
      ],
      ['protection without bounds', { low: 'max' }, {}, ['memory.low=max']],
      [
        'swap of both kinds',
        { max: '10M', swap: '5M', swapHigh: 8191, zswap: 0 },
        {},
        ['memory.swap.high=4096', 'memory.zswap.max=0', 'memory.swap.max=5242880', 'memory.max=10485760'],
      ],
      ['zswap without swap accounting', { zswap: 'max' }, { swapAccounting: false }, ['memory.zswap.max=max']],
    ],
    ([, limits, context, writes]) => {
      expect(plan(limits, { ...V2, ...context })).toEqual(writes);
    },
  );

  testRows<[string, MemoryChange]>(
    'has no limits of v1',
    [
      ['soft', { soft: '1M' }],
      ['swappiness', { swappiness: 1 }],
      ['oomKill', { oomKill: false }],
    ],
    ([name, limits]) => {
      expect(thrown(() => plan(limits, V2))).toMatchObject({ code: 'ERR_MEMCAGE_NOT_IN_VERSION' });
      expect(thrown(() => plan(limits, V2)).message).toContain(`memory.${name} needs cgroup v1`);
    },
  );

  it('has no swapHigh without swap accounting', () => {
    expect(thrown(() => plan({ swapHigh: '1M' }, { ...V2, swapAccounting: false }))).toMatchObject({
      code: 'ERR_MEMCAGE_NO_SWAP_ACCOUNTING',
      message: expect.stringContaining('memory.swapHigh') as string,
      option: 'memory.swapHigh',
    });
  });

  it('writes the group kill before the limit', () => {
    const { writes } = planLimits({ max: MiB, oomGroup: true }, V2);

    expect(written(writes)).toEqual(['memory.oom.group=1', 'memory.swap.max=0', `memory.max=${MiB}`]);
    expect(written(planLimits({ oomGroup: false }, V2).writes)).toEqual(['memory.oom.group=0']);
  });
});

describe.each([V1, V2])('swap on v$version', (base) => {
  const blind = { ...base, swapAccounting: false };

  it.each<[MemoryChange]>([[{ max: '1M', swap: 0 }], [{ max: '1M', swap: '1M' }]])('%p needs accounting', (limits) => {
    expect(thrown(() => plan(limits, blind))).toMatchObject({ code: 'ERR_MEMCAGE_NO_SWAP_ACCOUNTING' });
  });

  it('unlimited needs none', () => {
    expect(planLimits({ max: MiB, swap: UNLIMITED }, blind)).toMatchObject({ swapLimited: false });
  });

  testRows<[string, ResolvedLimits, Partial<LimitContext>, boolean]>(
    'is limited or not',
    [
      ['by default', { max: MiB }, {}, true],
      ['as asked', { max: MiB, swap: MiB }, {}, true],
      ['not when asked', { max: MiB, swap: UNLIMITED }, {}, false],
      ['not without accounting', { max: MiB }, { swapAccounting: false }, false],
      ['not whatever the caller says', { max: MiB }, { swapAccounting: false, current: { max: MiB, swap: 0 } }, false],
      ['not without a limit', {}, {}, false],
      ['as before', { max: MiB }, { current: { max: MiB, swap: 0 } }, true],
      ['not, as before', { max: MiB }, { current: { max: MiB, swap: UNLIMITED } }, false],
    ],
    ([, limits, context, limited]) => {
      expect(planLimits(limits, { ...base, ...context }).swapLimited).toBe(limited);
    },
  );
});

describe('the kernel', () => {
  const pages = fc.integer({ min: 1, max: 2 ** 30 }).map((count) => count * 4096);
  const bytes = fc.integer({ min: 4096, max: 2 ** 50 });
  const hard = fc.oneof(bytes, fc.constant(UNLIMITED));
  const swap = fc.oneof(bytes, fc.constantFrom(0, UNLIMITED));
  const current = fc.oneof(
    fc.record({ max: pages, swap: fc.oneof(pages, fc.constantFrom(0, UNLIMITED)) }),
    fc.constant({ max: UNLIMITED, swap: UNLIMITED }),
  );

  it('accepts every order of v1: the sum never falls below the limit', () => {
    const limits = fc.record({ max: hard, swap }, { requiredKeys: ['max'] });
    fc.assert(
      fc.property(limits, current, (wanted, before) => {
        fc.pre(wanted.max !== UNLIMITED || wanted.swap === undefined || wanted.swap === UNLIMITED);
        const state = { max: before.max, memsw: before.max + before.swap };
        for (const { file, value } of planLimits(wanted, { ...V1, current: before }).writes) {
          const number = value === '-1' ? UNLIMITED : Number(value);
          if (file === 'memory.limit_in_bytes') state.max = number;
          else state.memsw = number;
          expect(state.memsw).toBeGreaterThanOrEqual(state.max);
        }
        const page = (size: number) => (size === UNLIMITED ? size : Math.floor(size / 4096) * 4096);
        const first = before.max === UNLIMITED && before.swap === UNLIMITED && wanted.max !== UNLIMITED;
        const swapAfter = page(wanted.swap ?? (first ? 0 : before.swap));
        expect(state).toEqual({ max: page(wanted.max), memsw: page(wanted.max) + swapAfter });
      }),
      { numRuns: starts(1000) },
    );
  });

  it('reads back what was written: whole pages, each file once', () => {
    const names = ['max', 'swap', 'high', 'low', 'min'] as const;
    const limits = fc.record({ max: hard, swap, high: hard, low: swap, min: swap }, { requiredKeys: [] });
    fc.assert(
      fc.property(limits, (wanted) => {
        const { writes } = planLimits(wanted as ResolvedLimits, V2);
        expect(new Set(writes.map(({ file }) => file)).size).toBe(writes.length);
        for (const { value } of writes) expect(value === 'max' || Number(value) % 4096 === 0).toBe(true);
        for (const name of names) {
          if (name in wanted) expect(writes.map(({ option }) => option)).toContain(`memory.${name}`);
        }
      }),
    );
  });

  it('gets no limit from invalid options, whatever they are', () => {
    fc.assert(
      fc.property(fc.anything(), (option) => {
        try {
          const resolved = resolveLimits(option as MemoryChange);
          expect(
            Object.values(resolved).every((value) => typeof value === 'number' || typeof value === 'boolean'),
          ).toBe(true);
        } catch (error) {
          expect(error).toHaveProperty(
            'code',
            expect.stringMatching(/^ERR_MEMCAGE_(INVALID|UNKNOWN_OPTION|LIMIT_TOO_SMALL)/),
          );
        }
      }),
      { numRuns: starts(1000) },
    );
  });
});

test('each write names the option that it comes from', () => {
  const options = (limits: MemoryChange, context: LimitContext): string[] =>
    planLimits(resolveLimits(limits), context).writes.map(({ option }) => option);
  expect(options({ max: '10M', swap: '1M', soft: '5M', swappiness: 5 }, { ...V1, tcpAccounting: true })).toEqual([
    'memory.swappiness',
    'memory.soft',
    'memory.max',
    'memory.swap',
    'memory.max',
  ]);
  expect(options({ max: '10M', swap: '1M' }, V2)).toEqual(['memory.swap', 'memory.max']);
});

test('what is not accounted is named', () => {
  const plain = { ...V2, swapAccounting: false };
  expect(() => planLimits(resolveLimits({ swap: '1M' }), plain)).toThrow(/^memory\.swap can not be set/);
  expect(() => planLimits(resolveLimits({ swapHigh: '1M' }), plain)).toThrow(/^memory\.swapHigh can not be set/);
});
