import { resolveCpu, resolvePids } from '../../../../lib/cgroup/limits/resolve-limits';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

const UNLIMITED = Number.POSITIVE_INFINITY;
/** The kernel has no more. */
const MOST_PIDS = 4_194_304;

testRows<[unknown, number]>(
  'numbers of processes',
  [
    [1, 1],
    [MOST_PIDS, MOST_PIDS],
    ['max', UNLIMITED],
    [UNLIMITED, UNLIMITED],
  ],
  ([given, pids]) => expect(resolvePids(given)).toBe(pids),
);

testRows('refused as a number of processes', [0, -1, 1.5, MOST_PIDS + 1, '5', null, undefined, Number.NaN], (given) =>
  expect(thrown(() => resolvePids(given))).toMatchObject({
    code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
    message: expect.stringMatching(/^Expected an integer from 1 to 4194304, or 'max' for pids but received /) as string,
  }),
);

testRows<[unknown, object]>(
  'processors',
  [
    [1.5, { max: 1.5 }],
    [0.01, { max: 0.01 }],
    [100_000, { max: 100_000 }],
    ['max', { max: UNLIMITED }],
    [UNLIMITED, { max: UNLIMITED }],
    [{}, {}],
    [{ max: 'max' }, { max: UNLIMITED }],
    [
      { max: 2, weight: 1, set: '4,0-2' },
      { max: 2, weight: 1, set: '0-2,4' },
    ],
    [{ weight: 10_000 }, { weight: 10_000 }],
  ],
  ([given, cpu]) => expect(resolveCpu(given, 'run')).toStrictEqual(cpu),
);

testRows<[unknown, string]>(
  'refused as processors',
  [
    [
      '1',
      "Expected a number of processors such as 1.5, 'max', or an object of max, weight, set for cpu but received '1'",
    ],
    [
      null,
      "Expected a number of processors such as 1.5, 'max', or an object of max, weight, set for cpu but received null",
    ],
    [[1], "Expected a number of processors such as 1.5, 'max', or an object of max, weight, set for cpu but received"],
    [0, "Expected a number of processors from 0.01 to 100000, or 'max' for cpu but received 0"],
    [0.009, "or 'max' for cpu but received 0.009"],
    [100_001, "or 'max' for cpu but received 100001"],
    [Number.NaN, "or 'max' for cpu but received NaN"],
    [{ max: '2' }, "or 'max' for cpu.max but received '2'"],
    [{ weight: 0 }, 'Expected an integer from 1 to 10000 for cpu.weight but received 0'],
    [{ weight: 10_001 }, 'for cpu.weight but received 10001'],
    [{ weight: 1.5 }, 'for cpu.weight but received 1.5'],
    [{ weight: '5' }, "for cpu.weight but received '5'"],
    [{ set: '' }, "Expected processors as in '0-2,4' for cpu.set but received ''"],
    [{ set: '3-1' }, "for cpu.set but received '3-1'"],
    [{ set: 1 }, 'for cpu.set but received 1'],
    [{ cores: 1 }, "Unknown option 'cpu.cores' of run: did you mean 'cpu.max'?"],
  ],
  ([given, message]) => expect(thrown(() => resolveCpu(given, 'run')).message).toContain(message),
);
