import { resolveLimits } from '../../../../lib/cgroup/limits/resolve-limits';
import { unheldLimits } from '../../../../lib/start/request/unheld-limits';
import type { MemoryOption } from '../../../../types/options';
import { testRows } from '../../../support/rows';

const namesIn = (memory: MemoryOption): string[] =>
  unheldLimits({ memory: resolveLimits(memory, { of: 'spawn' }) }).map(({ name }) => name);

test('processor time too', () => {
  expect(unheldLimits({ memory: {}, cpuTimeMs: 1 })).toEqual([
    { name: 'cpuTimeMs', why: expect.stringContaining('processes that live for a moment') as string },
  ]);
});

test('stalls too', () => {
  expect(unheldLimits({ memory: {}, stall: { limitMs: 500, action: 'event' } })).toEqual([
    { name: 'stall', why: expect.stringContaining('lose to memory') as string },
  ]);
});

testRows(
  'what only the kernel can hold',
  [
    ['100M', []],
    ['max', []],
    [{ max: '100M' }, []],
    [{ swap: 0 }, ['memory.swap']],
    [{ swap: '1M', swapHigh: '1M', zswap: 0 }, ['memory.swap', 'memory.swapHigh', 'memory.zswap']],
    [{ high: '1M', soft: '1M' }, ['memory.high', 'memory.soft']],
    [{ low: '1M', min: '1M' }, ['memory.low', 'memory.min']],
    [{ swappiness: 0 }, ['memory.swappiness']],
    [{ oomGroup: false }, ['memory.oomGroup']],
    [{ oomKill: false }, ['memory.oomKill']],
    // None of these asks for anything.
    [{ swap: 'max', swapHigh: 'max', zswap: 'max', high: 'max', soft: 'max' }, []],
    [{ low: 0, min: 0, oomGroup: true, oomKill: true }, []],
  ] as [MemoryOption, string[]][],
  ([memory, expected]) => expect(namesIn(memory).sort()).toEqual(expected.sort()),
);
