import type { ResolvedLimits } from '../../../../lib/cgroup/limits/cage-limits';
import {
  changeLimits,
  changeWithLeaves,
  firstLimits,
  followLimits,
  isRepeated,
  limitsToRepeat,
  type RepeatedLimits,
} from '../../../../lib/cgroup/limits/leaf-limits';
import { cgroupsInMemory, refusal } from '../../../support/cgroups/cgroups-in-memory';
import { withCode } from '../../../support/error-code';
import { testRows } from '../../../support/rows';

const UNLIMITED = Number.POSITIVE_INFINITY;
/** What v1 shows where there is no limit. */
const NONE_V1 = '9223372036854771712';
const OWNER = 'memcage-7-0a';
const CAGE = `${OWNER}/1`;

const v2 = (max: number | 'max', swap: number | 'max' = 0, group: 0 | 1 = 0) => ({
  'memory.max': `${max}\n`,
  'memory.swap.max': `${swap}\n`,
  'memory.oom.group': `${group}\n`,
});
const v1 = (max: number | typeof NONE_V1, memsw: number | typeof NONE_V1, disabled: 0 | 1 = 0) => ({
  'memory.limit_in_bytes': `${max}\n`,
  'memory.memsw.limit_in_bytes': `${memsw}\n`,
  'memory.oom_control': `oom_kill_disable ${disabled}\nunder_oom 0\noom_kill 0\n`,
});

describe('what leaves repeat of a cage', () => {
  testRows<[string, 1 | 2, Record<string, string>, RepeatedLimits]>(
    'by its files',
    [
      ['v2', 2, v2(8192, 4096), { max: 8192, swap: 4096, oomKill: undefined }],
      [
        'v2, a bit more, so that a group is killed by the cage',
        2,
        v2(8192, 0, 1),
        { max: 8192 + 65_536, swap: 0, oomKill: undefined },
      ],
      ['v1', 1, v1(8192, 8192), { max: 8192, swap: 0, oomKill: true }],
      ['v1, where processes wait', 1, v1(8192, 12_288, 1), { max: 8192, swap: 4096, oomKill: false }],
      [
        'v1 does not know groups',
        1,
        { ...v1(8192, 8192), 'memory.oom.group': '1\n' },
        { max: 8192, swap: 0, oomKill: true },
      ],
    ],
    ([, version, files, expected]) =>
      expect(limitsToRepeat(cgroupsInMemory({ c: files }).directory('c'), version)).toEqual(expected),
  );

  testRows<[RepeatedLimits, ResolvedLimits]>(
    'as the limits of a new leaf, which has none yet',
    [
      [
        { max: 8192, swap: 0, oomKill: true },
        { max: 8192, swap: 0 },
      ],
      [
        { max: 8192, swap: UNLIMITED, oomKill: undefined },
        { max: 8192, swap: UNLIMITED },
      ],
      [{ max: 8192, swap: undefined, oomKill: undefined }, { max: 8192 }],
      [
        { max: UNLIMITED, swap: 4096, oomKill: false },
        { swap: 4096, oomKill: false },
      ],
      [{ max: UNLIMITED, swap: UNLIMITED, oomKill: true }, {}],
    ],
    ([repeated, limits]) => expect(firstLimits(repeated)).toStrictEqual(limits),
  );

  test('by the names of its files', () => {
    expect(['memory.max', 'memory.swap.max', 'memory.oom.group'].every((file) => isRepeated(file, 2))).toBe(true);
    const ofV1 = ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes', 'memory.oom_control'];
    expect(ofV1.every((file) => isRepeated(file, 1))).toBe(true);
    expect(isRepeated('memory.high', 2)).toBe(false);
    expect(isRepeated('memory.max', 1)).toBe(false);
    expect(isRepeated('memory.soft_limit_in_bytes', 1)).toBe(false);
  });
});

describe('a change of a cage', () => {
  const tree = () =>
    cgroupsInMemory({
      '': {},
      other: v2(8192),
      'other/leaf-1': v2(8192),
      [OWNER]: v2('max', 'max'),
      [CAGE]: v2(8192),
      [`${CAGE}/leaf-1`]: v2(8192),
      [`${CAGE}/leaf-2`]: v2(4096),
      [`${CAGE}/limited-3`]: v2(8192),
      [`${CAGE}/4`]: v2(8192),
    });

  test('is followed by its leaves, except those that have less or a limit of their own', () => {
    const { directory, done } = tree();
    const cage = directory(CAGE);
    changeWithLeaves(cage, 2, () => cage.write('memory.max', '16384'));
    expect(done).toEqual([
      `write ${CAGE}/memory.max 16384`,
      `write ${CAGE}/leaf-1/memory.swap.max 0`,
      `write ${CAGE}/leaf-1/memory.max 16384`,
    ]);
  });

  test('is nothing for leaves if what they repeat stays, whatever they have', () => {
    const { directory, done } = tree();
    directory(`${CAGE}/leaf-1`).write('memory.max', '16384');
    done.length = 0;
    changeWithLeaves(directory(CAGE), 2, () => {});
    expect(done).toEqual([]);
  });

  test('is followed also in swap alone', () => {
    const { directory, done } = tree();
    const cage = directory(CAGE);
    changeWithLeaves(cage, 2, () => cage.write('memory.swap.max', '4096'));
    expect(done.slice(1)).toEqual([
      `write ${CAGE}/leaf-1/memory.swap.max 4096`,
      `write ${CAGE}/leaf-1/memory.max 8192`,
    ]);
  });

  test('of a cgroup that is no cage is its own alone', () => {
    const { directory, done } = tree();
    const other = directory('other');
    changeWithLeaves(other, 2, () => other.write('memory.max', '16384'));
    expect(done).toEqual(['write other/memory.max 16384']);
  });
});

describe('a leaf that follows', () => {
  const before: RepeatedLimits = { max: 8192, swap: 0, oomKill: true };
  const after: RepeatedLimits = { max: 4096, swap: 0, oomKill: true };

  test('is as its cage', () => {
    const { directory, done } = cgroupsInMemory({ c: v1(8192, 8192) });
    followLimits(directory('c'), 1, { before, after });
    expect(done).toEqual([
      'write c/memory.oom_control 0',
      'write c/memory.limit_in_bytes 4096',
      'write c/memory.memsw.limit_in_bytes 4096',
    ]);
  });

  test('lets processes wait as its cage does', () => {
    const { directory, done } = cgroupsInMemory({ c: v1(8192, 8192) });
    followLimits(directory('c'), 1, { before, after: { ...before, oomKill: false } });
    expect(done).toEqual(['write c/memory.oom_control 1', 'write c/memory.limit_in_bytes 8192']);
  });

  test('is left alone if it is so already, or has less', () => {
    for (const files of [v1(4096, 4096), v1(2048, 2048)]) {
      const { directory, done } = cgroupsInMemory({ c: files });
      followLimits(directory('c'), 1, { before, after });
      expect(done).toEqual([]);
    }
  });

  test('that was made with the new limit is left alone', () => {
    const { directory, done } = cgroupsInMemory({ c: v1(16_384, 16_384) });
    followLimits(directory('c'), 1, { before, after: { ...before, max: 16_384 } });
    expect(done).toEqual([]);
  });

  test('is left to its maker as long as it has no limit yet', () => {
    const { directory, done } = cgroupsInMemory({ 1: v1(NONE_V1, NONE_V1), 2: v2('max', 'max') });
    followLimits(directory('1'), 1, { before, after });
    followLimits(directory('2'), 2, { before, after });
    expect(done).toEqual([]);
  });

  test('is left to its maker between its two limits, of which the first may not be above the second on v1', () => {
    const { directory, done } = cgroupsInMemory({ 1: v1(8192, NONE_V1), 2: v2(8192, 'max') });
    followLimits(directory('1'), 1, { before, after: { ...before, max: 16_384 } });
    followLimits(directory('2'), 2, { before, after: { ...before, max: 16_384 } });
    expect(done).toEqual([]);
  });

  test('is left to its maker as long as it has no limit yet, where swap is not accounted', () => {
    const { 'memory.memsw.limit_in_bytes': _, ...files } = v1(NONE_V1, NONE_V1);
    const { directory, done } = cgroupsInMemory({ c: files });
    const [was, is] = [before, after].map((limits) => ({ ...limits, swap: undefined })) as [
      RepeatedLimits,
      RepeatedLimits,
    ];
    followLimits(directory('c'), 1, { before: was, after: is });
    expect(done).toEqual([]);
  });

  test('is limited with its cage, which had no limit either', () => {
    const { directory, done } = cgroupsInMemory({ c: v2('max', 0) });
    followLimits(directory('c'), 2, {
      before: { max: UNLIMITED, swap: 0, oomKill: undefined },
      after: { max: 4096, swap: 0, oomKill: undefined },
    });
    expect(done).toEqual(['write c/memory.swap.max 0', 'write c/memory.max 4096']);
  });

  test('may be gone, or may have more in use than it could have', () => {
    const { directory } = cgroupsInMemory(
      { c: { ...v1(8192, 8192), 'memory.usage_in_bytes': '8192\n' } },
      {
        writeBeneath: ({ path }) => {
          if (path === 'c/memory.limit_in_bytes') throw refusal('EBUSY', 'write');
        },
      },
    );
    expect(() => followLimits(directory('c'), 1, { before, after })).not.toThrow();
    expect(() => followLimits(directory('gone'), 1, { before, after })).not.toThrow();
  });

  test('is an error if it may not be changed', () => {
    const { directory } = cgroupsInMemory(
      { c: v1(8192, 8192) },
      {
        writeBeneath: () => {
          throw refusal('EACCES', 'write');
        },
      },
    );
    expect(() => followLimits(directory('c'), 1, { before, after })).toThrow(withCode('NO_PERMISSION'));
  });
});

describe('limits that are changed', () => {
  test('come in the order that the kernel takes, with those in force', () => {
    const { directory, done } = cgroupsInMemory({ c: v1(8192, 12_288) });
    changeLimits(directory('c'), 1, { max: 16_384 });
    // The sum first, since it grows; the swap that is allowed stays.
    expect(done).toEqual(['write c/memory.memsw.limit_in_bytes 20480', 'write c/memory.limit_in_bytes 16384']);
  });

  test('are whole pages', () => {
    const { directory, done } = cgroupsInMemory({ c: v2(8192) }, { constants: { pageSize: 16_384 } as never });
    changeLimits(directory('c'), 2, { max: 40_000 });
    expect(done).toEqual(['write c/memory.max 32768']);
  });

  test('include that of TCP buffers, where they are counted apart', () => {
    const { directory, done } = cgroupsInMemory({ c: { ...v1(8192, 8192), 'memory.kmem.tcp.limit_in_bytes': '1\n' } });
    changeLimits(directory('c'), 1, { max: 4096 });
    expect(done.at(-1)).toBe('write c/memory.kmem.tcp.limit_in_bytes 4096');
  });

  test('that of swap can not be one where it is not accounted', () => {
    const { 'memory.swap.max': _, ...files } = v2(8192);
    const { directory, done } = cgroupsInMemory({ c: files });
    expect(() => changeLimits(directory('c'), 2, { swap: 4096 })).toThrow(withCode('NO_SWAP_ACCOUNTING'));
    changeLimits(directory('c'), 2, { max: 4096 });
    expect(done).toEqual(['write c/memory.max 4096']);
  });

  test('the kill of a group comes first', () => {
    const { directory, done } = cgroupsInMemory({ c: v2(8192) });
    changeLimits(directory('c'), 2, { oomGroup: true, max: 4096 });
    expect(done).toEqual(['write c/memory.oom.group 1', 'write c/memory.max 4096']);
  });
});
