import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { Cgroup } from 'memcage/cgroup';
import { files, limitOf, read, readNumber, readPeak, version } from '../../support/cgroups/cgroup-tree';
import { other, strangers } from '../../support/cgroups/strangers';
import { withCode } from '../../support/error-code';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

const UNLIMITED = 2 ** 63 - 65536;

describeIf('cgroup', `what a Cgroup reads is what the kernel has on v${version}`, () => {
  const { inhabit, make, start } = strangers();

  test('stat()', async () => {
    const path = make('64M');
    await inhabit(path, "x=$(head -c 8M /dev/zero | tr '\\0' x)");
    using cgroup = Cgroup.open(path);
    const raw = () =>
      Object.fromEntries(
        read(path, 'memory.stat')
          .split('\n')
          .map((line) => line.split(' '))
          .map(([name, value]) => [name, Number(value) >= UNLIMITED ? Number.POSITIVE_INFINITY : Number(value)]),
      );
    // The kernel updates the figures every two seconds.
    const { stat } = await until('settled', () => {
      const seen = { stat: cgroup.stat(), raw: raw() };
      return JSON.stringify(seen.stat) === JSON.stringify(seen.raw) ? seen : undefined;
    });
    expect(stat[version === 1 ? 'rss' : 'anon']).toBeGreaterThan(8_000_000);
    if (version === 1) expect(stat['hierarchical_memory_limit']).toBe(64 << 20);
  });

  test('usage(), peak(), limits()', async () => {
    const path = make('64M');
    await inhabit(path, "x=$(head -c 8M /dev/zero | tr '\\0' x)");
    using cgroup = Cgroup.open(path);
    const look = () => ({
      before: readNumber(path, files.usage),
      usage: cgroup.usage(),
      stat: cgroup.stat(),
      after: readNumber(path, files.usage),
    });
    let seen = look();
    await until('unchanged while it is read', () => {
      seen = look();
      return seen.before === seen.after && seen.before === seen.usage.usageBytes;
    });
    const { before, usage, stat } = seen;
    const workingSet = before - (stat[version === 1 ? 'total_inactive_file' : 'inactive_file'] ?? Number.NaN);
    expect(usage).toEqual({
      usageBytes: before,
      limitBytes: 64 << 20,
      workingSetBytes: workingSet,
      percent: (before / (64 << 20)) * 100,
      workingSetPercent: (workingSet / (64 << 20)) * 100,
      realUseBytes:
        version === 1 ? (stat['total_rss'] ?? 0) + (stat['total_cache'] ?? 0) + (stat['total_swap'] ?? 0) : null,
    });
    const peak = readPeak(path);
    expect(cgroup.peak()).toBe(peak);
    expect(peak ?? usage.usageBytes).toBeGreaterThanOrEqual(usage.usageBytes);
    expect(cgroup.limits()).toMatchObject(
      version === 1
        ? {
            max: limitOf(path),
            soft: Number.POSITIVE_INFINITY,
            swappiness: readNumber(path, 'memory.swappiness'),
            oomKill: true,
          }
        : { max: limitOf(path), high: Number.POSITIVE_INFINITY, low: 0, min: 0, oomGroup: false },
    );
  });

  test('pids() and threads(), with those of the cgroups below', async () => {
    const path = make();
    mkdirSync(`${path}/a`);
    mkdirSync(`${path}/a/b`);
    const pids = [await inhabit(path), await inhabit(`${path}/a`), await inhabit(`${path}/a/b`)];
    using cgroup = Cgroup.open(path);
    expect(cgroup.pids().sort()).toEqual(pids.sort());
    expect(cgroup.threads().sort()).toEqual(pids.sort());

    const pid = await start(process.execPath, ['-e', 'console.log("done"); process.stdin.resume()']);
    cgroup.add(pid);
    expect(cgroup.pids()).toContain(pid);
    const threads = readdirSync(`/proc/${pid}/task`).map(Number);
    expect(threads.length).toBeGreaterThan(1);
    expect(cgroup.threads()).toEqual(expect.arrayContaining(threads));
    expect(read(path, files.threads).split('\n').map(Number)).toEqual(expect.arrayContaining(threads));
  });

  test('a cgroup without limits', () => {
    using cgroup = Cgroup.open(make());
    expect(cgroup.limits()).toMatchObject({ max: Number.POSITIVE_INFINITY, [other]: Number.POSITIVE_INFINITY });
    expect(cgroup.usage()).toMatchObject({ limitBytes: Number.POSITIVE_INFINITY, percent: null });
    expect(cgroup.pids()).toEqual([]);
  });

  test('pressure(), which is of v2', () => {
    using cgroup = Cgroup.open(make());
    if (version === 1) {
      expect(() => cgroup.pressure()).toThrow(withCode('NOT_IN_VERSION'));
    } else if (existsSync(`${cgroup.path}/memory.pressure`)) {
      expect(cgroup.pressure()).toMatchObject({ some: { avg10: 0, total: 0 }, full: { avg10: 0, total: 0 } });
    } else {
      expect(cgroup.pressure()).toBeNull();
    }
  });
});
