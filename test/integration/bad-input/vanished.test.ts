import { rmdirSync } from 'node:fs';
import { Cgroup, createCage, run, spawn } from 'memcage';
import { cgroupOf, tree } from '../../support/cgroup-tree';
import { expectNothingLeft } from '../../support/nothing-left';
import { describeIf } from '../../support/require';
import { thrown } from '../../support/thrown';

const NAME = `memcage-test-${process.pid}-bad`;
const GONE = 'ERR_MEMCAGE_CGROUP_GONE';

describeIf('cgroup', 'a cgroup that someone else removes', () => {
  expectNothingLeft(() => run('true', [], { memory: '10M' }));

  const calls: Record<string, (cgroup: Cgroup) => unknown> = {
    stat: (cgroup) => cgroup.stat(),
    usage: (cgroup) => cgroup.usage(),
    limits: (cgroup) => cgroup.limits(),
    setLimits: (cgroup) => cgroup.setLimits('10M'),
    peak: (cgroup) => cgroup.peak(),
    procs: (cgroup) => cgroup.procs(),
    threads: (cgroup) => cgroup.threads(),
    add: (cgroup) => cgroup.add(process.pid),
  };

  test.each(Object.entries(calls))('%s of a live handle', (_, call) => {
    const cgroup = Cgroup.create(NAME, { memory: '10M' });
    // So that its file is open already.
    cgroup.stat();
    rmdirSync(cgroup.path);
    expect(thrown(() => call(cgroup))).toMatchObject({
      code: GONE,
      path: expect.stringContaining(cgroup.path) as string,
    });
    cgroup.close();
  });

  test.each(Object.entries(calls))('%s, and another one has its name by now', async (_, call) => {
    const cgroup = Cgroup.create(NAME, { memory: '10M' });
    rmdirSync(cgroup.path);
    const other = Cgroup.create(NAME, { memory: '20M' });
    expect(thrown(() => call(cgroup))).toMatchObject({ code: GONE });
    expect(other.limits().max).toBe(20 * 1024 * 1024);
    cgroup.close();
    await other.remove();
  });

  test('kill and remove, also when another one has its name by now', async () => {
    const cgroup = Cgroup.create(NAME, { memory: '10M' });
    rmdirSync(cgroup.path);
    await expect(cgroup.kill()).rejects.toMatchObject({ code: GONE });
    await expect(cgroup.remove()).rejects.toMatchObject({ code: GONE });
    const other = Cgroup.create(NAME, { memory: '20M' });
    await expect(cgroup.kill()).rejects.toMatchObject({ code: GONE });
    await expect(cgroup.remove()).rejects.toMatchObject({ code: GONE });
    expect(other.limits().max).toBe(20 * 1024 * 1024);
    cgroup.close();
    await other.remove();
  });

  test('a closed handle says so', () => {
    const cgroup = Cgroup.self();
    cgroup.close();
    for (const call of Object.values(calls)) {
      if (call !== calls['add']) expect(thrown(() => call(cgroup))).toMatchObject({ code: 'ERR_MEMCAGE_CLOSED' });
    }
  });

  test('a process that is gone, a cgroup that never was', async () => {
    const { pid, outcome } = spawn('true', [], { memory: '10M' });
    await outcome;
    expect(thrown(() => Cgroup.of(pid ?? 0))).toMatchObject({ code: GONE });
    expect(thrown(() => Cgroup.open('/no/such/cgroup'))).toMatchObject({ code: GONE, syscall: 'open' });
  });

  test('a shared cage that was removed: starting a child in it', async () => {
    const cage = createCage({ memory: '10M' });
    const { path } = cage.cgroup;
    expect(tree(cgroupOf('self'))).toContain(path);
    rmdirSync(path);
    expect(thrown(() => cage.spawn('true'))).toMatchObject({ code: GONE });
    await cage.close();
  });
});
