import { existsSync } from 'node:fs';
import { type MemoryChange, run, spawn } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { said } from '../../support/cage-kinds';
import { read, readKey } from '../../support/cgroups/cgroup-tree';
import { home, makeInHome, uniqueName } from '../../support/cgroups/v2-home';
import { withCode } from '../../support/error-code';
import { expectNothingLeft } from '../../support/nothing-left';
import { holding } from '../../support/processes/holding';
import { stateOf } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { until } from '../../support/until';

describeIf('v2', 'limits on v2', () => {
  let parent: ReturnType<typeof makeInHome>;
  beforeEach(() => {
    parent = makeInHome();
  });
  afterEach(() => parent.remove());
  expectNothingLeft(() => run('true', { memory: '8M', parent: home() }), { parents: true });

  function create(memory: MemoryChange): Cgroup {
    return Cgroup.create(uniqueName('limited'), { parent: home(), memory });
  }

  test('are what the kernel has, and read back', async () => {
    const given = { max: 64 << 20, swap: 32 << 20, swapHigh: 16 << 20, high: 48 << 20, low: 8 << 20, min: 4 << 20 };
    using group = create({ ...given, oomGroup: true });
    const files = ['max', 'swap.max', 'swap.high', 'high', 'low', 'min', 'oom.group'];
    expect(files.map((name) => read(group.path, `memory.${name}`))).toEqual([
      ...[64, 32, 16, 48, 8, 4].map((megabytes) => String(megabytes << 20)),
      '1',
    ]);
    expect(group.limits()).toMatchObject({ ...given, oomGroup: true, swapLimited: true });
    group.setLimits({ swapHigh: 'max', low: 0, min: 0, oomGroup: false });
    expect(group.limits()).toMatchObject({
      ...given,
      swapHigh: Number.POSITIVE_INFINITY,
      low: 0,
      min: 0,
      oomGroup: false,
    });
    await group.remove();
  });

  test('of swap are off with the first max', async () => {
    using group = create('64M');
    expect(read(group.path, 'memory.swap.max')).toBe('0');
    expect(group.limits()).toMatchObject({ max: 64 << 20, swap: 0, swapLimited: true });
    await group.remove();
  });

  test('zswap, where the kernel has it', async () => {
    using probe = create({});
    const has = existsSync(`${probe.path}/memory.zswap.max`);
    await probe.remove();
    if (has) {
      using group = create({ max: '64M', zswap: '1M' });
      expect(read(group.path, 'memory.zswap.max')).toBe(String(1 << 20));
      expect(group.limits()).toMatchObject({ zswap: 1 << 20 });
      await group.remove();
      const { exitCode } = await run('true', { memory: { max: '16M', zswap: 0 }, parent: home() });
      expect(exitCode).toBe(0);
      return;
    }
    const refusal = withCode('UNSUPPORTED', 'memory.zswap: ');
    expect(() => create({ zswap: 0 })).toThrow(refusal);
    // The cgroup whose limit was refused is gone.
    expect(existsSync(probe.path)).toBe(false);
    expect(() => spawn('true', [], { memory: { max: '16M', zswap: 0 }, parent: home() })).toThrow(refusal);
  });

  testRows('what is of v1 is refused', ['soft', 'swappiness', 'oomKill'] as const, (name) => {
    const value = { soft: '8M', swappiness: 10, oomKill: false }[name];
    expect(() => spawn('true', [], { memory: { max: '16M', [name]: value }, parent: parent.path })).toThrow(
      withCode('NOT_IN_VERSION', `memory.${name} needs cgroup v1`),
    );
  });
});

describeIf(['v2', 'swap'], 'above it', () => {
  expectNothingLeft(() => run('true', { memory: '8M', parent: home() }));

  test('high throttles and reclaims, and nothing is killed', async () => {
    const child = spawn(...holding(24), {
      memory: { max: '128M', swap: 'max', high: '16M' },
      parent: home(),
      stdio: 'pipe',
    });
    await said(child, 'done');
    const { cgroup } = child.cage;
    expect(cgroup.counts()).toMatchObject({ oom: 0, oom_kill: 0 });
    expect(cgroup.counts().high).toBeGreaterThan(0);
    await until('reclaimed', () => cgroup.usage().usageBytes <= 18 << 20);
    child.stdin.end('\n');
    expect(await child.outcome).toMatchObject({ exitCode: 0, oom: null });
  });
});

describeIf(['reclaim', 'swap'], 'above its swap', () => {
  expectNothingLeft(() => run('true', { memory: '8M', parent: home() }));

  test('swapHigh throttles, and nothing is killed', async () => {
    const script =
      '$| = 1; $a = "x" x (8 << 20); print "done\\n"; <STDIN>; $b = "x" x (256 << 10); print "more\\n"; <STDIN>';
    const child = spawn('perl', ['-e', script], {
      memory: { max: '128M', swap: 'max', swapHigh: '1M' },
      parent: home(),
      stdio: 'pipe',
    });
    const { cgroup } = child.cage;
    const hits = () => readKey(cgroup.path, 'memory.swap.events', 'high');
    await said(child, 'done');
    // What it takes on its way to reading would be held up too.
    await until('it reads', () => stateOf(child.pid ?? 0) === 'S');
    await cgroup.reclaim('4M');
    expect(hits()).toBe(0);
    // Its next charge is held up.
    child.stdin.write('\n');
    await said(child, 'more');
    expect(hits()).toBeGreaterThan(0);
    expect(cgroup.counts()).toMatchObject({ oom: 0, oom_kill: 0 });
    child.stdin.end();
    expect(await child.outcome).toMatchObject({ exitCode: 0, oom: null });
  });
});
