import { run, spawn } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { said } from '../../support/cage-kinds';
import { hasPeak } from '../../support/cgroups/cgroup-tree';
import { home, uniqueName } from '../../support/cgroups/v2-home';
import { withCode } from '../../support/error-code';
import { kernelHas } from '../../support/kernel-version';
import { expectNothingLeft } from '../../support/nothing-left';
import { openFdCount } from '../../support/processes/fds';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

const MiB = 2 ** 20;

// For each line of input, allocates that many MiB and frees them.
const BREATHING =
  'echo ready; while read -r n; do dd if=/dev/zero of=/dev/null bs="$n"M count=1 status=none; echo done; done';

describeIf('v2', 'trackPeak()', () => {
  expectNothingLeft(() => run('true', { memory: '8M', parent: home() }));

  if (!kernelHas(6, 12)) {
    test('is refused by name before Linux 6.12, and peak() is there', async () => {
      using group = Cgroup.create(uniqueName('peak'), { parent: home() });
      const fds = openFdCount();
      expect(() => group.trackPeak()).toThrow(withCode('UNSUPPORTED', hasPeak ? 'Linux 6.12' : 'Linux 5.19'));
      expect(openFdCount()).toBe(fds);
      expect(group.peak()).toBe(hasPeak ? 0 : null);
      await group.remove();
    });
    return;
  }

  test('counts from its beginning and from each reset, for itself alone', async () => {
    const child = spawn('sh', ['-c', BREATHING], { memory: '64M', parent: home(), stdio: 'pipe' });
    const { cgroup } = child.cage;
    const take = async (megabytes: number): Promise<void> => {
      child.stdin.write(`${megabytes}\n`);
      await said(child, 'done');
    };
    const settled = () => until('given back', () => cgroup.usage().usageBytes < 6 * MiB);
    await said(child, 'ready');
    await take(32);
    await settled();
    using early = cgroup.trackPeak();
    expect(early.peak()).toBeLessThan(8 * MiB);
    await take(16);
    expect(early.peak()).toBeGreaterThanOrEqual(16 * MiB);
    expect(early.peak()).toBeLessThan(28 * MiB);
    await settled();
    using late = cgroup.trackPeak();
    await take(8);
    expect(late.peak()).toBeGreaterThanOrEqual(8 * MiB);
    expect(late.peak()).toBeLessThan(15 * MiB);
    expect(early.peak()).toBeGreaterThanOrEqual(16 * MiB);
    await settled();
    early.reset();
    expect(early.peak()).toBeLessThan(8 * MiB);
    expect(late.peak()).toBeGreaterThanOrEqual(8 * MiB);
    // The figure that others see is not affected.
    expect(cgroup.peak()).toBeGreaterThanOrEqual(32 * MiB);
    child.stdin.end();
    const { memory } = await child.outcome;
    expect(memory.peakBytes).toBeGreaterThanOrEqual(32 * MiB);
    expect(() => early.peak()).toThrow(withCode('NO_CGROUP'));
    expect(() => early.reset()).toThrow(withCode('NO_CGROUP'));
  });

  test('holds one fd until it is closed', async () => {
    using group = Cgroup.create(uniqueName('peak'), { parent: home() });
    const fds = openFdCount();
    const tracker = group.trackPeak();
    expect(openFdCount()).toBe(fds + 1);
    tracker.close();
    tracker.close();
    expect(openFdCount()).toBe(fds);
    expect(() => tracker.peak()).toThrow(withCode('CLOSED'));
    expect(() => tracker.reset()).toThrow(withCode('CLOSED'));
    await group.remove();
  });
});
