import { MemoryReporter } from '../../../../lib/cage/cgroup/memory-reporter';
import type { CgroupVersion } from '../../../../lib/cgroup/files/formats';
import { cgroupsInMemory } from '../../../support/cgroups/cgroups-in-memory';
import { testRows } from '../../../support/rows';

const MIB = 2 ** 20;

function reporterOf(version: CgroupVersion, files: Record<string, string>): MemoryReporter {
  const memory = cgroupsInMemory({ '': {}, c: files }).directory('c');
  return new MemoryReporter(memory, {
    plan: { writes: [], deferred: [], max: 64 * MIB, swapLimited: true },
    context: { version, swapAccounting: true, swapOn: false },
    repeats: undefined,
  });
}

describe('the report of a cage', () => {
  testRows(
    'has the limit that is in force, though another one was planned',
    [
      [1, { 'memory.limit_in_bytes': `${32 * MIB}`, 'memory.max_usage_in_bytes': `${MIB}` }],
      [2, { 'memory.max': `${32 * MIB}`, 'memory.peak': `${MIB}` }],
    ] as const,
    ([version, files]) => {
      const reporter = reporterOf(version, files);
      const told = { limitBytes: 32 * MIB, peakBytes: MIB, swapLimited: true };
      expect([reporter.read(), reporter.parse(Object.values(files))]).toEqual([told, told]);
    },
  );

  test('has no limit where none is in force', () => {
    expect(reporterOf(2, { 'memory.max': 'max' }).read().limitBytes).toBe(Number.POSITIVE_INFINITY);
  });

  testRows('has the limit that was planned where its file is gone, not none', [[1], [2]] as const, ([version]) => {
    const reporter = reporterOf(version, {});
    const told = { limitBytes: 64 * MIB, peakBytes: null, swapLimited: true };
    expect([reporter.read(), reporter.parse(['', ''])]).toEqual([told, told]);
  });
});
