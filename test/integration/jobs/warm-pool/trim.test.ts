import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { expectNothingLeft } from '../../../support/nothing-left';
import { childrenOf, processesWith } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';
import { pools, WORKER } from '../../../support/warm-pool';

describeIf(['v2', 'swap'], 'a child that waits, trimmed', () => {
  const { make, ready } = pools();
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('gives its memory to the swap, and answers nevertheless', async () => {
    const pool = make({ trim: true, memory: { max: '200M', swap: '200M' } });
    await ready(pool);
    const [pid = 0] = processesWith(WORKER).filter((found) => childrenOf(process.pid).includes(found));
    const cgroup = Cgroup.of(pid);
    const before = cgroup.usage().usageBytes;
    await until('it uses less than half', () => cgroup.usage().usageBytes < before / 2);
    cgroup.close();
    expect(await pool.ask('answer')).toBe('answer');
  });
});

describeIf('cgroup', 'a child that is trimmed while it waits', () => {
  const { make, ready } = pools();
  const directory = mkdtempSync(join(tmpdir(), 'memcage-test-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('collects its garbage, and answers as any other', async () => {
    const log = join(directory, 'log');
    const fd = openSync(log, 'a');
    const pool = make({
      trim: true,
      maxChildren: 1,
      maxUses: 2,
      execArgv: ['--trace-gc'],
      stdio: ['ignore', fd, 'inherit', 'ipc'],
    });
    await ready(pool);
    const collections = () => readFileSync(log, 'utf8').split(/last resort|testing/).length - 1;
    await until('a collection that was asked for', () => collections() > 0);
    expect(await pool.ask('answer')).toBe('answer');
    const once = collections();
    await until('another one, as it waits again', () => collections() > once);
    expect(await pool.ask('again')).toBe('again');
    expect(pool.stats()).toMatchObject({ crashed: 0, started: 1 });
    await pool.close();
    closeSync(fd);
  });
});
