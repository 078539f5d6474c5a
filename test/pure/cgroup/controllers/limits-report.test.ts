import { LimitsReporter, NO_LIMITS, type TimeLimit } from '../../../../lib/cgroup/controllers/limits-report';
import type { CgroupDirectory } from '../../../../lib/cgroup/directory/directory';
import { ErrorCode } from '../../../../lib/common/errors/errors';
import { testRows } from '../../../support/rows';

/** A cgroup whose counts can be read, or one that is gone. */
function cgroup(path: string, texts: Readonly<Record<string, string>> = {}): CgroupDirectory {
  const directory: Pick<CgroupDirectory, 'path' | 'has' | 'readIfPresent' | 'exists'> = {
    path,
    has: (file) => file in texts,
    readIfPresent: (file) => texts[file],
    exists: () => true,
  };
  return directory as CgroupDirectory;
}

function limit(limitMs: number, directory: CgroupDirectory, usedMs = 0): TimeLimit {
  return { limitMs, usedMs, usage: { directory, file: 'cpu.stat' } };
}

const usage = (us: number): { 'cpu.stat': string } => ({
  'cpu.stat': `usage_usec ${us}\nuser_usec 1\nsystem_usec 2\n`,
});

describe('the report on processes and processors', () => {
  const directory = cgroup('/cage', {
    'pids.events': 'max 7\n',
    'pids.peak': '5\n',
    'cgroup.controllers': 'cpu memory pids\n',
    'cpu.stat': 'usage_usec 2500\nthrottled_usec 1500\n',
  });
  const file = { directory, file: 'cpu.stat' as const };

  test('has the limits as they were written, and the counts of the kernel', () => {
    const reporter = new LimitsReporter(
      { pids: { directory, max: 9 }, cpu: { directory, max: 1.5, hasSet: false, usage: file } },
      [],
    );
    const report = {
      pids: { limit: 9, limitHits: 7, peak: 5 },
      cpu: { limit: 1.5, throttledMs: 1.5, usedMs: 2.5 },
      cpuTime: null,
    };
    expect(reporter.read()).toEqual({ limits: report });
    const texts = reporter.files.map((each) => each.directory.readIfPresent(each.file) ?? '');
    expect(reporter.parse(reporter.files, texts)).toEqual({ limits: report });
  });

  test('is null for what the kernel does not tell', () => {
    const old = cgroup('/old');
    const usageFile = { directory: old, file: 'cpu.stat' as const };
    const reporter = new LimitsReporter(
      { pids: { directory: old, max: 3 }, cpu: { directory: old, max: 1, hasSet: false, usage: usageFile } },
      [],
    );
    const limits = {
      pids: { limit: 3, limitHits: null, peak: null },
      cpu: { limit: 1, throttledMs: null, usedMs: null },
      cpuTime: null,
    };
    expect(reporter.read()).toEqual({ limits });
    expect(reporter.unknown()).toEqual(limits);
    const ofWatcher = reporter.files.map(() => '');
    expect(reporter.parse(reporter.files, ofWatcher)).toEqual(reporter.read());
  });

  testRows(
    'says which controller was disabled',
    [
      ['pids', 'cpu cpuset'],
      ['cpu', 'cpuset pids'],
      ['cpuset', 'cpu pids'],
    ] as const,
    ([name, others]) => {
      const now = cgroup('/cage', { 'cgroup.controllers': `${others}\n` });
      const cpu = { directory: now, max: 1, hasSet: true, usage: { directory: now, file: 'cpu.stat' as const } };
      const reporter = new LimitsReporter({ pids: { directory: now, max: 9 }, cpu }, []);
      const told = {
        error: { code: ErrorCode.NO_CONTROLLER, message: expect.stringContaining(`-${name} in`) as string },
      };
      expect(reporter.read()).toMatchObject(told);
      const texts = reporter.files.map((each) => each.directory.readIfPresent(each.file) ?? '');
      expect(reporter.parse(reporter.files, texts)).toMatchObject(told);
    },
  );

  test('of v1 is in nanoseconds', () => {
    const v1 = cgroup('/v1', { 'cpu.stat': 'nr_periods 3\nthrottled_time 2500000\n', 'cpuacct.usage': '4000000\n' });
    const reporter = new LimitsReporter(
      { cpu: { directory: v1, max: 1, hasSet: true, usage: { directory: v1, file: 'cpuacct.usage' } } },
      [],
    );
    expect(reporter.read()).toEqual({ limits: { ...NO_LIMITS, cpu: { limit: 1, throttledMs: 2.5, usedMs: 4 } } });
  });
});

describe('the report on processor time', () => {
  test('is null where no limit holds', () => {
    expect(new LimitsReporter({}, []).read()).toEqual({ limits: NO_LIMITS });
  });

  test('is that of the cgroup itself', () => {
    const times = [limit(1000, cgroup('/leaf', usage(999_999))), limit(2000, cgroup('/cage', usage(1_500_000)))];
    expect(new LimitsReporter({}, times).read().limits).toEqual({
      ...NO_LIMITS,
      cpuTime: { limitMs: 1000, usedMs: 999.999, hit: false },
    });
  });

  test('is that of a cage around, if its limit was reached', () => {
    const times = [limit(1000, cgroup('/leaf', usage(5))), limit(2000, cgroup('/cage', usage(2_000_000)))];
    expect(new LimitsReporter({}, times).read().limits).toEqual({
      ...NO_LIMITS,
      cpuTime: { limitMs: 2000, usedMs: 2000, hit: true },
    });
  });

  test('comes from the texts that the watcher has read', () => {
    const directory = cgroup('/cage', usage(1));
    const reporter = new LimitsReporter({}, [limit(1000, directory)]);
    expect(reporter.files).toEqual([{ directory, file: 'cpu.stat', of: 'usage' }]);
    const { cpuTime } = reporter.parse(reporter.files, ['usage_usec 1000000\n']).limits;
    expect(cpuTime).toEqual({ limitMs: 1000, usedMs: 1000, hit: true });
  });

  test('reads no file twice', () => {
    const directory = cgroup('/cage', usage(1));
    const counted = { cpu: { directory, max: 2, hasSet: false, usage: { directory, file: 'cpu.stat' as const } } };
    const { files } = new LimitsReporter(counted, [limit(1000, directory)]);
    expect(files.map(({ file }) => file)).toEqual(['cpu.stat']);
  });

  test('has what was seen last of a cgroup that is gone', () => {
    const reporter = new LimitsReporter({}, [limit(1000, cgroup('/gone'), 1200)]);
    expect(reporter.unknown()).toEqual({ ...NO_LIMITS, cpuTime: { limitMs: 1000, usedMs: 1200, hit: true } });
    expect(reporter.read()).toEqual({ limits: reporter.unknown() });
  });

  test('of v1 is in nanoseconds', () => {
    const directory = cgroup('/cage', { 'cpuacct.usage': '1500000\n' });
    const time = { limitMs: 1, usedMs: 0, usage: { directory, file: 'cpuacct.usage' as const } };
    expect(new LimitsReporter({}, [time]).read().limits).toEqual({
      ...NO_LIMITS,
      cpuTime: { limitMs: 1, usedMs: 1.5, hit: true },
    });
  });
});
