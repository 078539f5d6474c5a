import { LimitsReporter, type TimeLimit } from '../../../../lib/cgroup/controllers/limits-report';
import type { CgroupDirectory } from '../../../../lib/cgroup/directory/directory';

/** A cgroup whose counts can be read, or one that is gone. */
function cgroup(path: string, texts: Readonly<Record<string, string>> = {}): CgroupDirectory {
  const directory: Pick<CgroupDirectory, 'path' | 'has' | 'readIfPresent'> = {
    path,
    has: (file) => file in texts,
    readIfPresent: (file) => texts[file],
  };
  return directory as CgroupDirectory;
}

function limit(limitMs: number, directory: CgroupDirectory, usedMs = 0): TimeLimit {
  return { limitMs, usedMs, usage: { directory, file: 'cpu.stat' } };
}

const usage = (us: number): { 'cpu.stat': string } => ({
  'cpu.stat': `usage_usec ${us}\nuser_usec 1\nsystem_usec 2\n`,
});

describe('the report on processor time', () => {
  test('is left out where no limit holds', () => {
    expect(new LimitsReporter({}, 2, []).read()).toEqual({});
  });

  test('is that of the cgroup itself', () => {
    const times = [limit(1000, cgroup('/leaf', usage(999_999))), limit(2000, cgroup('/cage', usage(1_500_000)))];
    expect(new LimitsReporter({}, 2, times).read()).toEqual({
      cpuTime: { limitMs: 1000, usedMs: 999.999, hit: false },
    });
  });

  test('is that of a cage around, if its limit was reached', () => {
    const times = [limit(1000, cgroup('/leaf', usage(5))), limit(2000, cgroup('/cage', usage(2_000_000)))];
    expect(new LimitsReporter({}, 2, times).read()).toEqual({ cpuTime: { limitMs: 2000, usedMs: 2000, hit: true } });
  });

  test('comes from the texts that the watcher has read', () => {
    const directory = cgroup('/cage', usage(1));
    const reporter = new LimitsReporter({}, 2, [limit(1000, directory)]);
    expect(reporter.files).toEqual([{ directory, file: 'cpu.stat' }]);
    const { cpuTime } = reporter.parse(reporter.files, ['usage_usec 1000000\n']);
    expect(cpuTime).toEqual({ limitMs: 1000, usedMs: 1000, hit: true });
  });

  test('reads no file twice', () => {
    const directory = cgroup('/cage', { ...usage(1), 'cpu.max': 'max 100000\n' });
    const counted = { cpu: { directory, usage: { directory, file: 'cpu.stat' as const } } };
    const { files } = new LimitsReporter(counted, 2, [limit(1000, directory)]);
    expect(files.map(({ file }) => file)).toEqual(['cpu.max', 'cpu.stat']);
  });

  test('has what was seen last of a cgroup that is gone', () => {
    const reporter = new LimitsReporter({}, 2, [limit(1000, cgroup('/gone'), 1200)]);
    expect(reporter.unknown()).toEqual({ cpuTime: { limitMs: 1000, usedMs: 1200, hit: true } });
    expect(reporter.read()).toEqual(reporter.unknown());
  });

  test('of v1 is in nanoseconds', () => {
    const directory = cgroup('/cage', { 'cpuacct.usage': '1500000\n' });
    const time = { limitMs: 1, usedMs: 0, usage: { directory, file: 'cpuacct.usage' as const } };
    expect(new LimitsReporter({}, 1, [time]).read()).toEqual({ cpuTime: { limitMs: 1, usedMs: 1.5, hit: true } });
  });
});
