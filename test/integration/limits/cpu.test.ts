import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createCage, run, spawn } from 'memcage';
import { version } from '../../support/cgroups/cgroup-tree';
import { controllerCgroup } from '../../support/cgroups/side-cgroups';
import { cagesClosedAfterEach } from '../../support/closed-after-each';
import { expectNothingLeft } from '../../support/nothing-left';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

/**
 * Works for so many ms of processor time from its start on: what its process used before that, it may have used before it
 * was in the cage. By clock(3), since times(2) knows only hundredths of a second.
 */
function work(ms: number): [string, string[]] {
  return ['perl', ['-MPOSIX', '-e', `my $start = POSIX::clock; 1 until POSIX::clock() - $start >= ${ms} * 1000`]];
}

const FILES =
  version === 1
    ? { max: ['cpu.cfs_quota_us', '150000'], weight: ['cpu.shares', '512'] }
    : { max: ['cpu.max', '150000 100000'], weight: ['cpu.weight', '50'] };

describeIf(['cgroup', 'cpu'], 'limits of processor time', () => {
  const make = cagesClosedAfterEach();
  expectNothingLeft(async () => {
    await run('true', { memory: '8M', cpu: 1 });
  });

  test('its processes wait above the limit', async () => {
    const [file, args] = work(50);
    // Much less than its share of a busy machine, where it would wait for others instead.
    const { limits, durationMs, exitCode } = await run(file, args, { cpu: 0.05 });
    expect(exitCode).toBe(0);
    expect(limits).toEqual({
      pids: null,
      cpuTime: null,
      cpu: { limit: 0.05, throttledMs: expect.any(Number) as number, usedMs: expect.any(Number) as number },
    });
    expect(limits.cpu?.throttledMs).toBeGreaterThan(50);
    expect(limits.cpu?.usedMs).toBeGreaterThanOrEqual(50);
    expect(limits.cpu?.usedMs).toBeLessThan(durationMs);
  });

  test('the usage is that of the whole cage, ended processes included', async () => {
    const [file, args] = work(60);
    const { limits } = await run('sh', ['-c', '"$@"; "$@" & wait', 'sh', file, ...args], {
      cpu: Number.POSITIVE_INFINITY,
    });
    expect(limits.cpu).toMatchObject({ limit: Number.POSITIVE_INFINITY });
    expect(limits.cpu?.usedMs).toBeGreaterThanOrEqual(120);
  });

  testRows<[keyof typeof FILES, object]>(
    'what is written before the program starts',
    [
      ['max', { cpu: 1.5 }],
      ['max', { cpu: { max: 1.5 } }],
      ['weight', { cpu: { weight: 50 } }],
      ['max', { cpu: { max: 1.5 }, namespaces: { pid: true } }],
      ['max', { cpu: { max: 1.5 }, detached: true }],
    ],
    async ([name, options]) => {
      const [file = '', text] = FILES[name];
      const child = spawn('sleep', ['60'], options);
      expect(readFileSync(`${controllerCgroup(child.pid as number, 'cpu')}/${file}`, 'utf8').trim()).toBe(text);
      child.kill('SIGKILL');
      const { limits } = await child.outcome;
      expect(limits.cpu).toMatchObject({ limit: name === 'max' ? 1.5 : Number.POSITIVE_INFINITY });
    },
  );

  test('a shared cage, each child of it, and a change', async () => {
    const cage = make({ memory: '100M', cpu: { max: 1, weight: 200 }, perChild: { cpu: 0.5 } });
    const one = await cage.run(...work(50));
    expect(one.limits.cpu?.limit).toBe(0.5);
    cage.setLimits({ cpu: 0.75 });
    const child = cage.spawn('sleep', ['60']);
    const path = controllerCgroup(child.pid as number, 'cpu');
    const above = path.slice(0, path.lastIndexOf('/'));
    const [file = ''] = FILES.max;
    expect(readFileSync(`${above}/${file}`, 'utf8')).toMatch(/^75000\b/);
    child.kill();
    await child.outcome;
  });

  test('a child without a limit of its own tells those of its cage', async () => {
    const cage = make({ cpu: 0.5 });
    await cage.run(...work(40));
    const { limits } = await cage.run('true');
    expect(limits.cpu?.limit).toBe(0.5);
    expect(limits.cpu?.usedMs).toBeGreaterThanOrEqual(40);
  });

  testRows<[object, RegExp]>(
    'what is no limit',
    [
      [{ cpu: 0 }, /from 0.01 to 100000, or 'max' for cpu but received 0/],
      [{ cpu: '1.5' }, /a number of processors such as 1\.5, 'max', or an object of max, weight, set for cpu/],
      [{ cpu: { max: -1 } }, /for cpu.max/],
      [{ cpu: { weight: 1.5 } }, /from 1 to 10000 for cpu.weight/],
      [{ cpu: { set: '1,' } }, /'0-2,4' for cpu.set/],
      [{ cpu: { shares: 5 } }, /did you mean 'cpu.weight'/],
      [{ cpus: 5 }, /did you mean 'cpu'/],
    ],
    ([options, message]) => {
      expect(() => spawn('true', [], options as object)).toThrow(message);
      expect(() => createCage(options as never)).toThrow(message);
    },
  );
});

describeIf(['v1', 'cpu', 'root'], 'a process with a real-time policy', () => {
  test('starts a child with a limit of processors, or says why the kernel lets none join', () => {
    const cpuRoot = controllerCgroup(process.pid, 'cpu');
    // The file is there with CONFIG_RT_GROUP_SCHED: then a new cgroup has no time for such a process.
    const hasShares = existsSync(`${cpuRoot}/cpu.rt_runtime_us`);
    const start = `require('memcage').run('true', [], { cpu: 1 }).then(() => 'started', (error) => error.code + error.message)`;
    const script = `${start}.then(console.log)`;
    const { stdout } = spawnSync('chrt', ['--rr', '1', process.execPath, '-e', script], { encoding: 'utf8' });
    expect(stdout).toMatch(hasShares ? /^ERR_MEMCAGE_UNSUPPORTED.*chrt --other 0/ : /^started\n$/);
  });
});

describeIf(['cgroup', 'cpuset'], 'the processors of a cage', () => {
  expectNothingLeft(async () => {
    await run('true', { cpu: { set: '0' } });
  });

  test('are those that it is given, also for each child and in inner cages', async () => {
    const allowed = ['sed', ['-n', 's/^Cpus_allowed_list:\t//p', '/proc/self/status']] as const;
    const [file, args] = allowed;
    const { stdout } = await run(file, args, { cpu: { set: '0' } });
    expect(stdout).toBe('0\n');
    await using cage = createCage({ cpu: 1, perChild: { cpu: { set: '0' } } });
    expect((await cage.run(file, args)).stdout).toBe('0\n');
    await using inner = cage.contain(() => createCage({ memory: '50M' }));
    expect((await inner.run(file, args)).stdout).toBe('0\n');
  });

  test('that are not there are refused, before a child is started', () => {
    const set = `0-${availableParallelism() + 5000}`;
    expect(() => spawn('true', [], { cpu: { set } })).toThrow(
      expect.objectContaining({ code: 'ERR_MEMCAGE_LIMIT_REFUSED', message: expect.stringContaining('cpu.set') }),
    );
  });
});
