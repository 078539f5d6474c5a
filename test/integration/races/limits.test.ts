import { files, version } from '../../support/cgroups/cgroup-tree';
import { drawn } from '../../support/drawn';
import { describeRaces } from '../../support/races/describe-races';
import { CLONES, file, meanwhile, putLimit } from '../../support/races/rules';
import { product, testRows } from '../../support/rows';

/** What limits the leaf: v1 limits the sum of memory and swap, v2 each by itself. */
const WRITES = version === 1 ? [files.limit, 'memory.memsw.limit_in_bytes'] : ['memory.swap.max', files.limit];
/** Then it looks whether the cage's limits have changed meanwhile. */
const LOOKS = version === 1 ? 'parent utimensat 1:^leaf-1$' : `parent openat2 3:^${file(files.limit, '1')}`;
/** Steps of a start in a shared cage, which has read the cage's limit before. */
const STEPS = [
  'parent mkdirat 1:^leaf-1$',
  ...WRITES.map((name) => `parent write 1:${file(name, 'leaf-1')}`),
  ...[LOOKS, CLONES],
];
const SIZES = [32, 128] as const;

const REFUSED = { error: { code: 'ERR_MEMCAGE_LIMIT_REFUSED', errno: -22 } };

interface Change {
  /** setLimits() is about to write this. */
  before: string;
  command: string;
  first?: object;
}

/** On v1 the limit of the sum may never be below the limit of memory. */
const SUM: readonly (readonly [string, Change])[] = [
  [
    'lowers the sum before setLimits() writes the limit',
    {
      before: files.limit,
      command: `${putLimit('1', '32M')}; put 1 memory.memsw.limit_in_bytes 32M`,
      first: REFUSED,
    },
  ],
  [
    'raises both before setLimits() writes the limit',
    { before: files.limit, command: `put 1 memory.memsw.limit_in_bytes 128M; ${putLimit('1', '128M')}` },
  ],
  [
    'raises both before setLimits() writes the sum',
    {
      before: 'memory.memsw.limit_in_bytes',
      command: `put 1 memory.memsw.limit_in_bytes 128M; ${putLimit('1', '128M')}`,
      first: REFUSED,
    },
  ],
];
const MEANWHILE: readonly (readonly [string, Change])[] = [
  ['lowers the limit before setLimits() writes its own', { before: files.limit, command: putLimit('1', '32M') }],
  ...(version === 1
    ? SUM
    : ([
        ['raises it before setLimits() writes its own', { before: files.limit, command: putLimit('1', '128M') }],
      ] as const)),
];

describeRaces(
  'a change of a limit',
  (races) => {
    // A program reads only the limit of its own cgroup: that has to be the cage's, whenever another process changes it.
    testRows(
      'by another memcage reaches a child that is being started',
      drawn(product<[string, number]>(STEPS, SIZES), 3),
      ([point, size]) =>
        races.force({
          operation: 'shared',
          rules: [meanwhile(point, `set_limit 1 ${size}M`)],
          first: { result: { text: `${size << 20}\n`, exitCode: 0 } },
        }),
    );

    testRows('by somebody else is repeated by a child that is started then', drawn(STEPS.slice(0, -1), 2), (point) =>
      races.force({
        operation: 'shared',
        rules: [meanwhile(point, putLimit('1', '32M'))],
        first: { result: { text: `${32 << 20}\n`, exitCode: 0 } },
      }),
    );

    test.each(MEANWHILE)('by somebody else: %s', async (_, { before, command, first }) => {
      const rules = [meanwhile(`parent write 2:${file(before, '1')}`, command)];
      await races.force({ operation: 'limits', rules, ...(first !== undefined && { first }) });
    });
  },
  ['swap-accounting'],
);
