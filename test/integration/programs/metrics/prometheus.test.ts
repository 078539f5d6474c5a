import { createCage, run, type SharedCage, spawn } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { openCages } from 'memcage/machine';
import { collectCgroups } from 'memcage/prometheus';
import { Counter, register as globalRegister, Registry } from 'prom-client';
import { said } from '../../../support/cage-kinds';
import { makeCgroup, version } from '../../../support/cgroups/cgroup-tree';
import { kernelFigures, VICTIM, whileSteady } from '../../../support/cgroups/kernel-figures';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';
import { until } from '../../../support/until';

jest.setTimeout(patience(30_000));

/** Allocates 16 MiB, and holds them until it is told to end. */
const HOLDER = `
  process.stdin.once('data', () => process.exit());
  globalThis.held = Buffer.alloc(16 << 20, 1);
  console.log('holds');
`;

const oneKilled = (cage: SharedCage) => cage.spawn(...VICTIM, { stdio: 'ignore' }).outcome;

/** The lines of a scrape in the Prometheus text format: `NAME{LABELS}` and values. */
async function scrape(register: Registry): Promise<Map<string, number>> {
  const text = await register.metrics();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const entries = lines.map((line): [string, number] => {
    const match = /^(\w+(?:\{.*\})?) (\S+)$/.exec(line);
    if (match === null) throw new Error(`not a line of a metric: ${line}`);
    return [match[1] ?? '', Number(match[2])];
  });
  expect(new Set(entries.map(([name]) => name)).size).toBe(entries.length);
  return new Map(entries);
}

describeIf('cgroup', 'memcage/prometheus', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  const collections: { close(): void }[] = [];
  afterEach(() => {
    for (const collection of collections.splice(0)) collection.close();
  });
  function collect<L extends string = 'cgroup'>(options: Parameters<typeof collectCgroups<L>>[0] = {}): Registry {
    const register = new Registry();
    collections.push(collectCgroups<L>({ register, ...options }));
    return register;
  }

  test('has of each open cage what the kernel has, also after a kill', async () => {
    const register = collect();
    await using cage = createCage({ memory: '64M' });
    const child = cage.spawn(process.execPath, ['-e', HOLDER], { nodeHeap: false });
    await said(child, 'holds');
    expect((await oneKilled(cage)).oom).toMatchObject({ cause: 'limit', kills: 1 });
    const { kernel, taken: values } = await whileSteady(cage.cgroup.path, () => scrape(register));
    const value = (name: string) => values.get(`memcage_${name}{cgroup="${cage.cgroup.path}"}`);
    const { availableBytes, oomKills, ...gauges } = kernel;
    expect({
      usageBytes: value('memory_usage_bytes'),
      limitBytes: value('memory_limit_bytes'),
      workingSetBytes: value('memory_working_set_bytes'),
      anonBytes: value('memory_anon_bytes'),
      fileBytes: value('memory_file_bytes'),
      peakBytes: value('memory_peak_bytes'),
      processes: value('processes'),
      limitHits: value('memory_limit_hits_total'),
      pageFaults: value('memory_page_faults_total'),
      majorFaults: value('memory_major_page_faults_total'),
    }).toEqual(gauges);
    expect(kernel).toMatchObject({ limitBytes: 64 << 20, processes: 1 });
    expect(kernel.anonBytes).toBeGreaterThan(16 << 20);
    expect(value('memory_kernel_bytes')).toBeGreaterThan(0);
    expect(value('memory_swap_bytes')).toBe(0);
    // v1 counted it in the child's leaf, which is gone.
    expect(value('oom_kills_total')).toBe(version === 2 ? oomKills : 1);
    expect(value('oom_kills_total')).toBe(1);
    expect(value('memory_pressure_waiting_seconds_total') !== undefined).toBe(version === 2);
    expect(value('memory_pressure_stalled_seconds_total') !== undefined).toBe(version === 2);
    expect(values.get('memcage_cages')).toBe(1);
    expect(values.get('memcage_cages_oom_kills_total')).toBe(1);
    child.stdin.end('end');
    await child.outcome;
  });

  test('is text as Prometheus has it, with HELP and TYPE, and names by its conventions', async () => {
    const text = await collect().metrics();
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type]) => [name, type] as const);
    expect(types.length).toBe(18);
    for (const [name, type] of types) {
      expect(name).toMatch(/^memcage_[a-z_]+$/);
      expect(text).toMatch(new RegExp(`^# HELP ${name} \\S.*\\.$`, 'm'));
      expect([name, type]).toEqual([name, name.endsWith('_total') ? 'counter' : 'gauge']);
      expect(name).toMatch(/_(bytes|(seconds_)?total)$|_(processes|cages)$/);
    }
  });

  test('what a cage has counted to its end is in the totals, its own series ends', async () => {
    const register = collect();
    const before = await scrape(register);
    expect([...before.keys()].filter((name) => name.includes('{'))).toEqual([]);
    // Between two scrapes.
    const child = spawn('tail', ['/dev/zero'], { memory: '16M', stdio: 'ignore' });
    expect((await child.outcome).oom).not.toBeNull();
    await run('true', { memory: '16M' });
    const after = await scrape(register);
    expect([...after.keys()].filter((name) => name.includes('{'))).toEqual([]);
    const grown = (name: string) => (after.get(name) ?? Number.NaN) - (before.get(name) ?? Number.NaN);
    expect(grown('memcage_cages_oom_kills_total')).toBe(1);
    expect(grown('memcage_cages_closed_total')).toBe(2);
    expect(after.get('memcage_cages')).toBe(0);
  });

  test('counters with labels of the caller go on when cages end', async () => {
    const pools = new Map<string, string>();
    const register = collect({ labelNames: ['pool'], labels: ({ path }) => ({ pool: pools.get(path) ?? 'other' }) });
    const kills = async () => (await scrape(register)).get('memcage_oom_kills_total{pool="a"}');
    const usage = async () => (await scrape(register)).get('memcage_memory_usage_bytes{pool="a"}');
    const open = (): SharedCage => {
      const cage = createCage({ memory: '16M' });
      pools.set(cage.cgroup.path, 'a');
      return cage;
    };
    const cages = [open(), open()];
    for (const cage of cages) await oneKilled(cage);
    expect(await kills()).toBe(2);
    const sum = () => cages.map(({ cgroup }) => kernelFigures(cgroup.path).usageBytes).reduce((a, b) => a + b);
    await until('the sum of both', async () => (await usage()) === sum());
    await cages[0]?.close();
    expect(await kills()).toBe(2);
    // After the last scrape that sees it.
    await oneKilled(cages[1] as SharedCage);
    await cages[1]?.close();
    expect(await kills()).toBe(3);
    expect(await usage()).toBeUndefined();
    // No scrape ever sees this one.
    const unseen = open();
    await oneKilled(unseen);
    await unseen.close();
    expect(await kills()).toBe(4);
  });

  test('collects cgroups of the caller, and leaves out those that are gone or not wanted', async () => {
    const made = ['16M', '24M', '32M'].map((limit) => makeCgroup(limit));
    const cgroups = made.map(({ path }) => Cgroup.open(path));
    const register = collect<'name'>({
      prefix: 'mine_',
      cgroups: () => cgroups,
      labelNames: ['name'],
      labels: ({ path }) =>
        path === made[1]?.path ? undefined : { name: String(cgroups.findIndex((one) => one.path === path)) },
    });
    made[2]?.remove();
    const values = await scrape(register);
    const limits = [...values].filter(([name]) => name.startsWith('mine_memory_limit_bytes'));
    expect(limits).toEqual([['mine_memory_limit_bytes{name="0"}', 16 << 20]]);
    expect([...values.keys()].filter((name) => name.includes('cages'))).toEqual([]);
    for (const cgroup of cgroups) cgroup.close();
    expect([...(await scrape(register)).keys()].filter((name) => name.includes('bytes'))).toEqual([]);
    for (const { remove } of made) remove();
  });

  test('asks once for all metrics of a scrape, and for each alone too', async () => {
    let asked = 0;
    const register = collect({
      cgroups: () => {
        asked += 1;
        return [];
      },
    });
    await register.metrics();
    expect(asked).toBe(1);
    await register.getMetricsAsJSON();
    expect(asked).toBe(2);
    await register.getSingleMetricAsString('memcage_processes');
    expect(asked).toBe(3);
  });

  test('ends', async () => {
    const register = new Registry();
    const kept = new Counter({ name: 'kept_total', help: 'Another one.', registers: [register] });
    kept.inc();
    {
      using _ = collectCgroups({ register });
      expect((await scrape(register)).size).toBeGreaterThan(1);
    }
    expect([...(await scrape(register)).keys()]).toEqual(['kept_total']);
    // The names can be used again.
    collectCgroups({ register }).close();
  });

  test('registers with the global register of prom-client by default', async () => {
    using _ = collectCgroups();
    expect(globalRegister.getSingleMetric('memcage_cages')).toBeDefined();
    // The second time the names are taken, and no metric of that attempt stays.
    const names = globalRegister.getMetricsAsArray().length;
    expect(thrown(() => collectCgroups())).toMatchObject({ message: expect.stringMatching('already') as string });
    expect(thrown(() => collectCgroups({ prefix: 'a b' }))).toBeInstanceOf(Error);
    expect(globalRegister.getMetricsAsArray().length).toBe(names);
  });

  test('is of the same memcage as the package itself', async () => {
    await using cage = createCage({ memory: '8M' });
    expect(openCages()).toContain(cage);
    expect((await scrape(collect())).get(`memcage_memory_limit_bytes{cgroup="${cage.cgroup.path}"}`)).toBe(8 << 20);
  });

  testRows(
    'refuses wrong options',
    [
      ['options that are none', 5],
      ['a prefix that is no string', { prefix: 1 }],
      ['a register that is none', { register: null }],
      ['cgroups that can be asked only once', { cgroups: [] }],
      ['labels that are no function', { labels: {} }],
    ],
    ([, options]) => {
      expect(thrown(() => collectCgroups(options as never))).toMatchObject({
        name: 'TypeError',
        code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
      });
    },
  );
});
