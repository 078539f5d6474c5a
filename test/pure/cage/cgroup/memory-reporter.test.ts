import { MemoryReporter } from '../../../../lib/cage/cgroup/memory-reporter';
import type { CgroupVersion } from '../../../../lib/cgroup/files/formats';
import { cgroupsInMemory } from '../../../support/cgroups/cgroups-in-memory';
import { testRows } from '../../../support/rows';

const MIB = 2 ** 20;

let hasSwap = true;
jest.mock('../../../../lib/cgroup/hierarchy/host', () => ({ swapOn: () => hasSwap }));

function reporterOf(version: CgroupVersion, files: Record<string, string>, swapLimited = true): MemoryReporter {
  const memory = cgroupsInMemory({ '': {}, c: files }).directory('c');
  return new MemoryReporter(memory, {
    plan: { writes: [], max: 64 * MIB, swapLimited },
    context: { version, swapAccounting: true },
    repeats: undefined,
  });
}

describe('the report of a cage', () => {
  testRows(
    'has the limit that is in force, though another one was planned',
    [
      [
        1,
        {
          'memory.limit_in_bytes': `${32 * MIB}`,
          'memory.max_usage_in_bytes': `${MIB}`,
          'memory.memsw.limit_in_bytes': `${32 * MIB}`,
        },
      ],
      [2, { 'memory.max': `${32 * MIB}`, 'memory.peak': `${MIB}`, 'memory.swap.max': '0' }],
    ] as const,
    ([version, files]) => {
      const reporter = reporterOf(version, files);
      const told = { limitBytes: 32 * MIB, peakBytes: MIB, swapLimited: true, details: null };
      expect(reporter.files).toEqual(Object.keys(files));
      expect([reporter.read(), reporter.parse(Object.values(files))]).toEqual([told, told]);
    },
  );

  test('has no limit where none is in force', () => {
    expect(reporterOf(2, { 'memory.max': 'max' }).read().limitBytes).toBe(Number.POSITIVE_INFINITY);
  });

  testRows('has the limit that was planned where its file is gone, not none', [[1], [2]] as const, ([version]) => {
    const reporter = reporterOf(version, {});
    const told = { limitBytes: 64 * MIB, peakBytes: null, swapLimited: true, details: null };
    expect([reporter.read(), reporter.parse(['', '', '']), reporter.fromPlan()]).toEqual([told, told, told]);
  });

  testRows('says of swap what holds now', [[1], [2]] as const, ([version]) => {
    const file = version === 1 ? 'memory.memsw.limit_in_bytes' : 'memory.swap.max';
    const files = { [file]: version === 1 ? '9223372036854771712' : 'max' };
    const reporter = reporterOf(version, files, false);
    const told = (): boolean[] =>
      [reporter.read(), reporter.parse(['', '', files[file] ?? '']), reporter.fromPlan()].map(
        ({ swapLimited }) => swapLimited,
      );
    hasSwap = false;
    expect(told()).toEqual([true, true, true]);
    hasSwap = true;
    expect(told()).toEqual([false, false, false]);
  });
});
