import type * as LoadNativeModule from '../../../../lib/addon/load-native';
import { type GivenLimits, resolveCageLimits } from '../../../../lib/cgroup/limits/resolve-cage-limits';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

let pageSize: number | undefined;
jest.mock('../../../../lib/addon/load-native', () => ({
  ...jest.requireActual<typeof LoadNativeModule>('../../../../lib/addon/load-native'),
  canLoad: () => pageSize !== undefined,
  loadNative: () => ({ constants: { pageSize } }),
}));

test('a limit is at least a page of this machine, if that is known', () => {
  pageSize = 65_536;
  expect(() => resolveCageLimits({ memory: '32K' }, 'run')).toThrow('at least one page of memory (65536 bytes)');
  pageSize = undefined;
  expect(resolveCageLimits({ memory: '32K' }, 'run')).toEqual({ memory: { max: 32_768 } });
});

testRows<[GivenLimits, string]>(
  'what is wrong is told with what would be right',
  [
    [
      { memory: true as never },
      'Expected a size or an object of max, swap, swapHigh, zswap, high, low, min, soft, swappiness, oomGroup, oomKill for memory but received true',
    ],
    [{ memory: { swappiness: -1 } }, 'Expected an integer from 0 to 200 for memory.swappiness'],
    [{ memory: { oomKill: 1 as never } }, 'Expected true or false for memory.oomKill'],
    [{ cpuTimeMs: 0 }, 'Expected milliseconds, an integer from 1 to 9007199254740 for cpuTimeMs'],
    [{ stall: 5 as never }, 'Expected an object of ms, action for stall'],
    [{ stall: { ms: 1 } }, 'Expected milliseconds, an integer from 500 to 9007199254740 for stall.ms'],
    [{ stall: { action: 'tell' as never } }, "Expected 'kill' or 'event' for stall.action"],
  ],
  ([given, message]) => expect(thrown(() => resolveCageLimits(given, 'run')).message).toContain(message),
);
