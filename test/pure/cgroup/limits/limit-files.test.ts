import {
  holdBelow,
  readHardLimits,
  readLimits,
  readMemoryFile,
  writeFirstLimits,
  writeLimits,
} from '../../../../lib/cgroup/limits/limit-files';
import type { LimitWrite } from '../../../../lib/cgroup/limits/limit-plan';
import { cgroupsInMemory, refusal } from '../../../support/cgroups/cgroups-in-memory';
import { withCode } from '../../../support/error-code';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

const UNLIMITED = Number.POSITIVE_INFINITY;
/** What v1 has for no limit. */
const NONE = '9223372036854771712\n';

const V1 = {
  'memory.limit_in_bytes': '8192\n',
  'memory.memsw.limit_in_bytes': '12288\n',
  'memory.soft_limit_in_bytes': '4096\n',
  'memory.swappiness': '60\n',
  'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n',
};
const V2 = {
  'cgroup.type': 'domain\n',
  'memory.max': '8192\n',
  'memory.swap.max': '4096\n',
  'memory.swap.high': '2048\n',
  'memory.zswap.max': '1024\n',
  'memory.high': '7168\n',
  'memory.low': '512\n',
  'memory.min': '256\n',
  'memory.oom.group': '1\n',
};

/** The files without some of them. */
function without(files: Record<string, string>, ...names: string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(files).filter(([name]) => !names.includes(name)));
}

const directoryWith = (files: Record<string, string>) => cgroupsInMemory({ c: files }).directory('c');

test('a file is read as a value, and one that the kernel lacks is undefined', () => {
  expect(readMemoryFile(directoryWith(V1), 1, 'swappiness')).toBe(60);
  expect(readMemoryFile(directoryWith({}), 1, 'swappiness')).toBeUndefined();
  expect(() => readMemoryFile(directoryWith({ 'memory.max': 'much\n' }), 2, 'max')).toThrow('/cg/c/memory.max');
});

describe('the limits', () => {
  test('of v1', () => {
    expect(readLimits(directoryWith(V1), 1, true)).toEqual({
      max: 8192,
      swap: 4096,
      soft: 4096,
      swappiness: 60,
      oomKill: true,
      swapLimited: true,
    });
  });

  test('of v2', () => {
    expect(readLimits(directoryWith(V2), 2, true)).toEqual({
      max: 8192,
      swap: 4096,
      swapHigh: 2048,
      zswap: 1024,
      high: 7168,
      low: 512,
      min: 256,
      oomGroup: true,
      swapLimited: true,
    });
  });

  test('are absent where there are no files for them', () => {
    // toEqual() would take a property that is undefined for none.
    expect(readLimits(directoryWith({}), 2, true)).toStrictEqual({ max: UNLIMITED, swapLimited: false });
    expect(readLimits(directoryWith({}), 1, true)).toStrictEqual({ max: UNLIMITED, swapLimited: false });
  });

  test('say that processes wait at the limit', () => {
    const waits = { ...V1, 'memory.oom_control': 'oom_kill_disable 1\nunder_oom 0\noom_kill 0\n' };
    expect(readLimits(directoryWith(waits), 1, true).oomKill).toBe(false);
  });

  testRows<[string, 1 | 2, Record<string, string>, boolean, boolean]>(
    'say whether swap is limited',
    [
      ['it is', 2, V2, true, true],
      ['it is not', 2, { ...V2, 'memory.swap.max': 'max\n' }, true, false],
      ['it is not accounted', 2, without(V2, 'memory.swap.max'), true, false],
      ['there is none', 2, { ...V2, 'memory.swap.max': 'max\n' }, false, true],
      ['v1, it is not', 1, { ...V1, 'memory.memsw.limit_in_bytes': NONE }, true, false],
    ],
    ([, version, files, swapOn, limited]) =>
      expect(readLimits(directoryWith(files), version, swapOn).swapLimited).toBe(limited),
  );
});

testRows<[string, 1 | 2, Record<string, string>, ReturnType<typeof readHardLimits>]>(
  'the limits of memory and of swap alone',
  [
    ['v1', 1, V1, { max: 8192, swap: 4096 }],
    ['v1 without swap', 1, { ...V1, 'memory.memsw.limit_in_bytes': '8192\n' }, { max: 8192, swap: 0 }],
    ['v1, no swap limit', 1, { ...V1, 'memory.memsw.limit_in_bytes': NONE }, { max: 8192, swap: UNLIMITED }],
    [
      'v1, no limit',
      1,
      { 'memory.limit_in_bytes': NONE, 'memory.memsw.limit_in_bytes': NONE },
      { max: UNLIMITED, swap: UNLIMITED },
    ],
    ['v1, not accounted', 1, without(V1, 'memory.memsw.limit_in_bytes'), { max: 8192, swap: undefined }],
    [
      'v1, the limit was raised between the two reads',
      1,
      { ...V1, 'memory.memsw.limit_in_bytes': '4096\n' },
      { max: 8192, swap: 0 },
    ],
    ['v2', 2, V2, { max: 8192, swap: 4096 }],
    ['v2, not accounted', 2, without(V2, 'memory.swap.max'), { max: 8192, swap: undefined }],
    ['the root', 2, {}, { max: UNLIMITED, swap: undefined }],
  ],
  ([, version, files, expected]) => expect(readHardLimits(directoryWith(files), version)).toEqual(expected),
);

const high: LimitWrite = { file: 'memory.high', value: '1', option: 'memory.high' };
const max: LimitWrite = { file: 'memory.max', value: '2', option: 'memory.max' };
const swap: LimitWrite = { file: 'memory.swap.max', value: '3', option: 'memory.swap' };

/** A cgroup in which the kernel refuses to write a file, or a value. */
function refusing(which: (file: string, value: string) => boolean, files: Record<string, string> = V2) {
  const tree = cgroupsInMemory({ c: files });
  const { writeBeneath } = tree.native;
  tree.native.writeBeneath = (options) => {
    if (which(options.path.slice('c/'.length), options.value)) throw refusal('EINVAL', 'write');
    writeBeneath(options);
  };
  return tree;
}
const refusingNone = (files?: Record<string, string>) => refusing(() => false, files);

describe('limits that change', () => {
  test('are written in order', () => {
    const { directory, done } = refusingNone();
    writeLimits(directory('c'), 2, [high, max, swap]);
    expect(done).toEqual(['write c/memory.high 1', 'write c/memory.max 2', 'write c/memory.swap.max 3']);
  });

  test('are as before when one is refused, the last restored first', () => {
    const { directory, done } = refusing((file) => file === 'memory.swap.max');
    expect(() => writeLimits(directory('c'), 2, [high, max, swap])).toThrow(withCode('LIMIT_REFUSED', 'memory.swap'));
    expect(done.slice(2)).toEqual(['write c/memory.max 8192', 'write c/memory.high 7168']);
  });

  test('are as before when the kernel lacks one of them', () => {
    const { directory, done } = refusingNone(without(V2, 'memory.swap.max'));
    expect(() => writeLimits(directory('c'), 2, [max, swap])).toThrow(
      withCode('UNSUPPORTED', 'memory.swap: /cg/c has no memory.swap.max'),
    );
    expect(done.slice(1)).toEqual(['write c/memory.max 8192']);
  });

  test('are restored as far as the kernel lets them be', () => {
    // It takes the new value of memory.max, but the old one no more.
    const { directory, done } = refusing((file, value) => file === 'memory.swap.max' || value === '8192');
    expect(() => writeLimits(directory('c'), 2, [high, max, swap])).toThrow(withCode('LIMIT_REFUSED', 'memory.swap'));
    expect(done.slice(2)).toEqual(['write c/memory.high 7168']);
  });

  test('the OOM killer is restored by the flag alone', () => {
    const waits = { ...V1, 'memory.oom_control': 'oom_kill_disable 1\nunder_oom 0\noom_kill 0\n' };
    const { directory, done } = refusing((file) => file === 'memory.limit_in_bytes', waits);
    const kill: LimitWrite = { file: 'memory.oom_control', value: '0', option: 'memory.oomKill' };
    const limit: LimitWrite = { file: 'memory.limit_in_bytes', value: '1', option: 'memory.max' };
    expect(() => writeLimits(directory('c'), 1, [kill, limit])).toThrow(withCode('LIMIT_REFUSED'));
    expect(done).toEqual(['write c/memory.oom_control 0', 'write c/memory.oom_control 1']);
  });
});

describe('the first limits of a cgroup', () => {
  test('are written in order', () => {
    const { directory, done } = refusingNone();
    writeFirstLimits(directory('c'), 2, [max, swap]);
    expect(done).toEqual(['write c/memory.max 2', 'write c/memory.swap.max 3']);
  });

  test('are not restored when one is refused', () => {
    const { directory, done } = refusing((file) => file === 'memory.swap.max');
    expect(() => writeFirstLimits(directory('c'), 2, [max, swap, high])).toThrow(
      withCode('LIMIT_REFUSED', 'The kernel refused 3 for memory.swap (memory.swap.max): EINVAL'),
    );
    expect(done).toEqual(['write c/memory.max 2']);
  });

  test('a soft limit that the kernel ignores is an error', () => {
    const soft: LimitWrite = { file: 'memory.soft_limit_in_bytes', value: '4096', option: 'memory.soft' };
    const kept = refusingNone(V1);
    writeFirstLimits(kept.directory('c'), 1, [soft]);
    expect(kept.done).toHaveLength(1);

    const ignoring = cgroupsInMemory({ c: { ...V1, 'memory.soft_limit_in_bytes': NONE } }, { writeBeneath: () => {} });
    expect(() => writeFirstLimits(ignoring.directory('c'), 1, [soft])).toThrow(
      withCode('UNSUPPORTED', 'memory.soft: /cg/c/memory.soft_limit_in_bytes was written and is still unlimited'),
    );
    const path = '/cg/c/memory.soft_limit_in_bytes';
    expect(thrown(() => writeFirstLimits(ignoring.directory('c'), 1, [soft]))).toMatchObject({ path });
    // No limit is what it has.
    expect(() => writeFirstLimits(ignoring.directory('c'), 1, [{ ...soft, value: '-1' }])).not.toThrow();
  });
});

testRows<[found: Record<string, string>, done: string[]]>(
  'the limits of a cgroup hold below it',
  [
    [{ 'memory.use_hierarchy': '0\n' }, ['write c/memory.use_hierarchy 1']],
    [{ 'memory.use_hierarchy': '1\n' }, []],
    // A kernel that no longer has the file.
    [{}, []],
  ],
  ([found, done]) => {
    const cgroups = cgroupsInMemory({ c: found });
    holdBelow(cgroups.directory('c'));
    expect(cgroups.done).toEqual(done);
  },
);

test('an error says why limits would not hold below a cgroup', () => {
  const cgroups = cgroupsInMemory(
    { c: { 'memory.use_hierarchy': '0\n' } },
    {
      writeBeneath() {
        throw refusal('EBUSY', 'write');
      },
    },
  );
  const error = withCode('UNSUPPORTED', 'cgroups that a child makes below it, since its memory.use_hierarchy is 0');
  expect(() => holdBelow(cgroups.directory('c'))).toThrow(error);
  expect(() => holdBelow(cgroups.directory('c'))).toThrow(/EBUSY.* Cure: use Linux 5\.11/);
  expect(thrown(() => holdBelow(cgroups.directory('c')))).toMatchObject({
    path: expect.stringMatching(/\/c$/) as string,
    syscall: 'write',
  });
});
