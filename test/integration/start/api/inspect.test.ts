import { once } from 'node:events';
import { inspect } from 'node:util';
import { createBudget, createWarmPool, run, type SharedCage, type Size, spawnSync } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { makeCgroup } from '../../../support/cgroups/cgroup-tree';
import { closedAfterEach } from '../../../support/closed-after-each';
import { expectNothingLeft } from '../../../support/nothing-left';
import { describeIf } from '../../../support/require';
import { WORKER } from '../../../support/warm-pool';

const ONE_LINE = { breakLength: Number.POSITIVE_INFINITY };

describeIf('cgroup', 'what console.log shows', () => {
  const make: (memory: Size) => SharedCage = closedAfterEach();
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('of a cage: what is in it now, and that it is closed', async () => {
    const cage = make('50M');
    const child = cage.spawn('cat');
    expect(inspect(cage, ONE_LINE)).toMatch(
      new RegExp(
        `^Cage <${cage.cgroup.path}> { usageBytes: \\d+ \\(.*\\), limitBytes: 52428800 \\(50 MiB\\), ` +
          'processes: 1, children: 1, oomKills: 0 }$',
      ),
    );
    const closed = cage.close();
    expect(inspect(cage)).toContain('closed: true');
    await closed;
    await child.outcome;
    expect(inspect(cage, ONE_LINE)).toBe(`Cage <${cage.cgroup.path}> { oomKills: 0, closed: true }`);
  });

  test('of a budget: its memory, its jobs, and that it is closed', async () => {
    const budget = createBudget({ memory: '100M', concurrency: 1 });
    const room = await budget.reserve({ memory: '60M' });
    const waiting = budget.run('true', [], { memory: '60M' });
    const name = `Budget <${budget.cage.cgroup.path}>`;
    expect(inspect(budget, ONE_LINE)).toMatch(
      new RegExp(
        `^${name} { memoryBytes: 104857600 \\(100 MiB\\), reservedBytes: 62914560 \\(60 MiB\\), usedBytes: \\d+ \\(.*\\), ` +
          'running: 1, queued: 1 }$',
      ),
    );
    room.release();
    await waiting;
    await budget.close();
    expect(inspect(budget, ONE_LINE)).toBe(`${name} { memoryBytes: 104857600 (100 MiB), ended: 2, closed: true }`);
  });

  test('of a warm pool: the limit of its children, how many there are, and that it is closed', async () => {
    const pool = createWarmPool(WORKER, { memory: '200M', spare: 1 });
    const limit = `WarmPool <${WORKER}> { limitBytes: 209715200 (200 MiB), `;
    expect(inspect(pool, ONE_LINE)).toBe(`${limit}spare: 0, loading: 1, busy: 0, waiting: 0, started: 1 }`);
    await once(pool, 'ready');
    expect(inspect(pool, ONE_LINE)).toBe(`${limit}spare: 1, loading: 0, busy: 0, waiting: 0, started: 1 }`);
    await pool.close();
    expect(inspect(pool, ONE_LINE)).toBe(`${limit}started: 1, closed: true }`);
  });

  test('of a cgroup, also when it is gone or the handle closed', () => {
    const { path, remove } = makeCgroup('20M');
    const cgroup = Cgroup.open(path);
    expect(inspect({ cgroup }, ONE_LINE)).toMatch(
      new RegExp(`cgroup: Cgroup <${path}> { usageBytes: .*, limitBytes: 20971520 \\(20 MiB\\), processes: 0 }`),
    );
    remove();
    expect(inspect(cgroup)).toContain('unknown:');
    cgroup.close();
    expect(inspect(cgroup, ONE_LINE)).toBe(`Cgroup <${path}> { closed: true }`);
  });

  test('of an outcome: sizes that people read, and the data as it was', async () => {
    const outcome = await run('tail', ['/dev/zero'], { memory: '20M', reject: false });
    const text = inspect(outcome, ONE_LINE);
    expect(text).toContain("cause: 'limit', kills: 1, limitBytes: 20971520 (20 MiB),");
    expect(text).toContain(`victims: [ 'tail (pid ${outcome.oom?.victims?.[0]?.pid})' ]`);
    expect(text).toContain('memory: { limitBytes: 20971520 (20 MiB),');
    expect(inspect(spawnSync('true', { memory: '20M' }).outcome)).toContain('20971520 (20 MiB)');
    expect(JSON.parse(JSON.stringify(outcome))).toMatchObject({ memory: { limitBytes: 20971520 } });
    expect(Object.keys(outcome)).toContain('memory');
    expect({ ...outcome }).toEqual(outcome);
    expect(inspect({ ...outcome })).not.toContain('(20 MiB)');
  });
});
