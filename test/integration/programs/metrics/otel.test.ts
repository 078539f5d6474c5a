import type { Attributes } from '@opentelemetry/api';
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { createCage, run } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { type ObserveCgroupsOptions, observeCgroups } from 'memcage/otel';
import { said } from '../../../support/cage-kinds';
import { makeCgroup, version } from '../../../support/cgroups/cgroup-tree';
import { VICTIM, whileSteady } from '../../../support/cgroups/kernel-figures';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

jest.setTimeout(patience(30_000));

const HOLDER = `
  process.stdin.once('data', () => process.exit());
  globalThis.held = Buffer.alloc(16 << 20, 1);
  console.log('holds');
`;

interface Metric {
  unit: string;
  kind: 'Gauge' | 'Counter' | 'UpDownCounter';
  points: [attributes: Attributes, value: number][];
}

describeIf('cgroup', 'memcage/otel', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  const ended: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const end of ended.splice(0).reverse()) await end();
  });

  /** Observes with a real SDK. Returns a function that collects. */
  function observe(options: ObserveCgroupsOptions = {}) {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 });
    const provider = new MeterProvider({ readers: [reader] });
    const observation = observeCgroups({ meter: provider.getMeter('test'), ...options });
    ended.push(
      () => provider.shutdown(),
      () => observation.close(),
    );
    const collect = async (): Promise<Map<string, Metric>> => {
      exporter.reset();
      await reader.forceFlush();
      const metrics = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((each) => each.metrics));
      return new Map(
        metrics.map((metric) => {
          const { name, unit } = metric.descriptor;
          const sum = metric.dataPointType === DataPointType.SUM;
          const kind = sum ? (metric.isMonotonic ? 'Counter' : 'UpDownCounter') : 'Gauge';
          const points = metric.dataPoints.map(({ attributes, value }): [Attributes, number] => [
            attributes,
            value as number,
          ]);
          return [name, { unit, kind, points }];
        }),
      );
    };
    return { collect, observation };
  }

  test('has of each open cage what the kernel has, also after a kill', async () => {
    const { collect } = observe();
    await using cage = createCage({ memory: '64M' });
    const child = cage.spawn(process.execPath, ['-e', HOLDER], { nodeHeap: false });
    await said(child, 'holds');
    await cage.spawn(...VICTIM, { stdio: 'ignore' }).outcome;
    const { kernel, taken: metrics } = await whileSteady(cage.cgroup.path, collect);
    const attributes = {};
    const expected: [name: string, unit: string, kind: Metric['kind'], value: number][] = [
      ['container.memory.usage', 'By', 'UpDownCounter', kernel.usageBytes],
      ['container.memory.available', 'By', 'UpDownCounter', kernel.availableBytes],
      ['container.memory.rss', 'By', 'UpDownCounter', kernel.anonBytes],
      ['container.memory.working_set', 'By', 'UpDownCounter', kernel.workingSetBytes],
      ['memcage.memory.limit', 'By', 'UpDownCounter', 64 << 20],
      ['memcage.memory.file', 'By', 'UpDownCounter', kernel.fileBytes],
      ['memcage.memory.swap', 'By', 'UpDownCounter', 0],
      ['memcage.memory.peak', 'By', 'Gauge', kernel.peakBytes ?? Number.NaN],
      ['memcage.process.count', '{process}', 'UpDownCounter', 1],
      ['memcage.oom.kills', '{process}', 'Counter', 1],
      ['memcage.memory.limit_hits', '{hit}', 'Counter', kernel.limitHits],
    ];
    for (const [name, unit, kind, value] of expected) {
      expect([name, metrics.get(name)]).toEqual([name, { unit, kind, points: [[attributes, value]] }]);
    }
    const { pageFaults, majorFaults } = kernel;
    expect(metrics.get('container.paging.faults')).toEqual({
      unit: '{fault}',
      kind: 'Counter',
      points: [
        [{ 'system.paging.fault.type': 'minor' }, pageFaults - majorFaults],
        [{ 'system.paging.fault.type': 'major' }, majorFaults],
      ],
    });
    expect(pageFaults).toBeGreaterThan(0);
    expect(metrics.get('memcage.memory.kernel')?.points[0]?.[1]).toBeGreaterThan(0);
    expect(metrics.get('memcage.cage.count')?.points).toEqual([[{}, 1]]);
    expect(metrics.get('memcage.cage.oom.kills')?.points).toEqual([[{}, 1]]);
    const pressure = metrics.get('memcage.memory.pressure.time');
    expect(pressure?.points.map(([{ 'memcage.pressure.kind': kind }]) => kind)).toEqual(
      version === 2 ? ['some', 'full'] : undefined,
    );
    if (pressure !== undefined) expect(pressure).toMatchObject({ unit: 's', kind: 'Counter' });
    child.stdin.end('end');
    await child.outcome;
  });

  test('counts that have attributes of the caller go on when cages end', async () => {
    const { collect } = observe({ attributes: () => ({ 'container.id': 'all' }) });
    const kills = async () => (await collect()).get('memcage.oom.kills')?.points;
    for (const expected of [1, 2]) {
      await using cage = createCage({ memory: '16M' });
      if (expected === 1) await collect();
      await cage.spawn(...VICTIM, { stdio: 'ignore' }).outcome;
      await cage.close();
      expect(await kills()).toEqual([[{ 'container.id': 'all' }, expected]]);
    }
    // This SDK repeats its last value.
    expect((await collect()).get('container.memory.usage')?.points).toEqual([[{ 'container.id': 'all' }, 0]]);
  });

  test('adds up all cages, of those within others what these have', async () => {
    const { collect } = observe();
    const cages = [createCage({ memory: '16M' }), createCage({ memory: '24M' })];
    const inner = cages[0]?.contain(() => createCage({ memory: '12M' }));
    await inner?.spawn(...VICTIM, { stdio: 'ignore' }).outcome;
    for (let i = 0; i < 2; i += 1) {
      const metrics = await collect();
      expect(metrics.get('memcage.memory.limit')?.points).toEqual([[{}, 40 << 20]]);
      expect(metrics.get('memcage.oom.kills')?.points).toEqual([[{}, 1]]);
      expect(metrics.get('memcage.cage.oom.kills')?.points).toEqual([[{}, 1]]);
      expect(metrics.get('memcage.cage.count')?.points).toEqual([[{}, 3 - i]]);
      await inner?.close();
    }
    await cages[0]?.close();
    expect((await collect()).get('memcage.memory.limit')?.points).toEqual([[{}, 24 << 20]]);
    await cages[1]?.close();
    expect((await collect()).get('memcage.memory.limit')?.points).toEqual([[{}, 0]]);
  });

  test('observes cgroups of the caller, those without a limit too, until they are gone', async () => {
    const made = [makeCgroup('16M'), makeCgroup()];
    const cgroups = made.map(({ path }) => Cgroup.open(path));
    const { collect } = observe({ cgroups: () => cgroups });
    const [one, other] = made.map(({ path }) => ({ 'memcage.cgroup.path': path }));
    const metrics = await collect();
    expect(metrics.get('memcage.memory.limit')?.points).toEqual([[one, 16 << 20]]);
    expect(metrics.get('container.memory.available')?.points.map(([attributes]) => attributes)).toEqual([one]);
    expect(metrics.get('container.memory.usage')?.points.map(([attributes]) => attributes)).toEqual([one, other]);
    expect(metrics.has('memcage.cage.count')).toBe(false);
    made[0]?.remove();
    expect((await collect()).get('memcage.memory.limit')?.points).toEqual([[one, 0]]);
    for (const cgroup of cgroups) cgroup.close();
    made[1]?.remove();
  });

  test('ends', async () => {
    let asked = 0;
    const { collect, observation } = observe({
      cgroups: () => {
        asked += 1;
        return [];
      },
    });
    await collect();
    expect(asked).toBe(1);
    observation.close();
    await collect();
    expect(asked).toBe(1);
  });

  test('takes the meter of the global provider by default, which may be none', () => {
    using _ = observeCgroups();
  });

  testRows(
    'refuses wrong options',
    [
      ['options that are none', null],
      ['a meter that is none', { meter: 'memcage' }],
      ['attributes that are no function', { attributes: {} }],
    ],
    ([, options]) => {
      expect(thrown(() => observeCgroups(options as never))).toMatchObject({
        name: 'TypeError',
        code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
      });
    },
  );
});
