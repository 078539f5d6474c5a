import * as fc from 'fast-check';
import { parseFlatKeyed } from '../../../../lib/cgroup/files/formats';
import { computeUsage } from '../../../../lib/cgroup/handle/readings';
import { kernelText } from '../../../support/cgroups/kernel-text';

const UNLIMITED = Number.POSITIVE_INFINITY;

it('v2 takes the page cache that is not in use off the working set', () => {
  const stat = parseFlatKeyed(kernelText('v2/memory.stat'));

  expect(computeUsage(2, { usage: 53223424, limit: 104857600, stat })).toEqual({
    usageBytes: 53223424,
    limitBytes: 104857600,
    workingSetBytes: 53223424 - 4685824,
    percent: (53223424 / 104857600) * 100,
    workingSetPercent: ((53223424 - 4685824) / 104857600) * 100,
    realUseBytes: null,
  });
});

it('v1 counts the cgroups below, and the real use', () => {
  const stat = {
    inactive_file: 1,
    rss: 1,
    cache: 1,
    swap: 1,
    total_inactive_file: 1000,
    total_rss: 20_000,
    total_cache: 3000,
    total_swap: 400,
  };

  expect(computeUsage(1, { usage: 25_000, limit: UNLIMITED, stat })).toEqual({
    usageBytes: 25_000,
    limitBytes: UNLIMITED,
    workingSetBytes: 24_000,
    percent: null,
    workingSetPercent: null,
    realUseBytes: 23_400,
  });
});

it('v1 without swap accounting has no total_swap', () => {
  const usage = computeUsage(1, { usage: 0, limit: 4096, stat: { total_rss: 1, total_cache: 2 } });

  expect(usage.realUseBytes).toBe(3);
});

it('the working set is never negative', () => {
  expect(computeUsage(2, { usage: 10, limit: UNLIMITED, stat: { inactive_file: 11 } }).workingSetBytes).toBe(0);
});

it('a limit of 0 has no percentage', () => {
  expect(computeUsage(2, { usage: 10, limit: 0, stat: {} })).toMatchObject({ percent: null, workingSetPercent: null });
});

it('is finite wherever it is a number', () => {
  const size = fc.nat({ max: 2 ** 50 });
  const limit = fc.oneof(size, fc.constant(UNLIMITED));
  fc.assert(
    fc.property(fc.constantFrom(1 as const, 2 as const), size, limit, size, (version, usage, max, inactive) => {
      const stat = { inactive_file: inactive, total_inactive_file: inactive };
      const { workingSetBytes, percent } = computeUsage(version, { usage, limit: max, stat });
      expect(workingSetBytes).toBeGreaterThanOrEqual(0);
      expect(workingSetBytes).toBeLessThanOrEqual(usage);
      expect(percent === null || Number.isFinite(percent)).toBe(true);
    }),
  );
});
