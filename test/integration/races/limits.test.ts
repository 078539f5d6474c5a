import { describeRaces } from '../../support/races/describe-races';
import { CLONES, meanwhile } from '../../support/races/rules';
import { product, testRows } from '../../support/rows';

/** Steps of a start in a shared cage: it reads the limit, makes the leaf, writes its limits, looks whether the cage's have changed, clones. */
const STEPS = [
  ...['parent mkdirat 1:^leaf-1$', 'parent write 1:leaf-1/memory\\.limit_in_bytes$'],
  ...['parent write 1:leaf-1/memory\\.memsw\\.limit_in_bytes$', 'parent utimensat 1:^leaf-1$', CLONES],
];
const SIZES = [32, 128] as const;

const REFUSED = { error: { code: 'ERR_MEMCAGE_LIMIT_REFUSED', errno: -22 } };

describeRaces(
  'a change of a limit',
  (races) => {
    // A program reads only the limit of its own cgroup: that has to be the cage's, whenever another process changes it.
    testRows(
      'by another memcage reaches a child that is being started',
      product<[string, number]>(STEPS, SIZES),
      ([point, size]) =>
        races.force({
          operation: 'shared',
          rules: [meanwhile(point, `set_limit 1 ${size}M`)],
          first: { result: { text: `${size << 20}\n`, exitCode: 0 } },
        }),
    );

    testRows('by somebody else is repeated by a child that is started then', STEPS.slice(0, -1), (point) =>
      races.force({
        operation: 'shared',
        rules: [meanwhile(point, 'put 1 memory.limit_in_bytes 32M')],
        first: { result: { text: `${32 << 20}\n`, exitCode: 0 } },
      }),
    );

    // v1 limits the sum of memory and swap, which may never be below the limit of memory.
    test.each([
      [
        'lowers the limit before setLimits() writes its own',
        'write 2:1/memory\\.limit_in_bytes$',
        'put 1 memory.limit_in_bytes 32M',
        undefined,
      ],
      [
        'lowers the sum before setLimits() writes the limit',
        'write 2:1/memory\\.limit_in_bytes$',
        'put 1 memory.limit_in_bytes 32M; put 1 memory.memsw.limit_in_bytes 32M',
        REFUSED,
      ],
      [
        'raises both before setLimits() writes the limit',
        'write 2:1/memory\\.limit_in_bytes$',
        'put 1 memory.memsw.limit_in_bytes 128M; put 1 memory.limit_in_bytes 128M',
        undefined,
      ],
      [
        'raises both before setLimits() writes the sum',
        'write 2:1/memory\\.memsw',
        'put 1 memory.memsw.limit_in_bytes 128M; put 1 memory.limit_in_bytes 128M',
        REFUSED,
      ],
    ] as const)('by somebody else: %s', async (_, call, command, first) => {
      const rules = [meanwhile(`parent ${call}`, command)];
      await races.force({ operation: 'limits', rules, ...(first !== undefined && { first }) });
    });
  },
  ['swap-accounting'],
);
