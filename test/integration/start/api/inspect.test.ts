import { inspect } from 'node:util';
import { run, type SharedCage, type Size, spawnSync } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { makeCgroup } from '../../../support/cgroups/cgroup-tree';
import { closedAfterEach } from '../../../support/closed-after-each';
import { expectNothingLeft } from '../../../support/nothing-left';
import { describeIf } from '../../../support/require';

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
