import { readFileSync } from 'node:fs';
import { createCage, run, spawn } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { cgroupOf, makeCgroup, read, write } from '../../support/cgroups/cgroup-tree';
import { home, makeInHome } from '../../support/cgroups/v2-home';
import { withCode } from '../../support/error-code';
import { expectNothingLeft } from '../../support/nothing-left';
import { stateOf } from '../../support/processes/processes';
import { describeIf, type Feature } from '../../support/require';
import { until } from '../../support/until';

// Runs as long as it may, and takes little of a core.
const BUSY = ['-c', 'while :; do sleep 0.01; done'];

/** How often it has waited for something so far. */
function switches(pid: number): number {
  return Number(/^voluntary_ctxt_switches:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** Somebody else gets on meanwhile, as the frozen one would. */
async function otherRounds(pid: number): Promise<void> {
  const before = switches(pid);
  await until('ten rounds of another', () => switches(pid) > before + 10);
}

/**
 * The kernel reports 'frozen' before the process goes to sleep for that (do_freezer_trap in kernel/signal.c), which is
 * its last switch.
 */
async function lastSwitch(pid: number, other: number): Promise<number> {
  return until('no further switch', async () => {
    const before = switches(pid);
    await otherRounds(other);
    // While it waits for a processor it is not asleep.
    return stateOf(pid) !== 'R' && switches(pid) === before ? before : undefined;
  });
}

async function isRunning(pid: number): Promise<boolean> {
  const before = switches(pid);
  return until('another round', () => switches(pid) > before, 2000).catch(() => false);
}

function suite(needed: Feature, where: () => { parent?: string }): void {
  describeIf(needed, `freeze() (${needed})`, () => {
    expectNothingLeft(() => run('true', { memory: '8M', ...where() }));

    function frozenFile(pid: number): string {
      return read(cgroupOf(pid, 'unified'), 'cgroup.events').includes('frozen 1') ? 'frozen' : 'running';
    }

    test('stops what is in a cage, and thaw() lets it run on', async () => {
      const child = spawn('sh', BUSY, { memory: '16M', ...where() });
      const { cgroup } = child.cage;
      const pid = child.pid ?? 0;
      expect(cgroup.isFrozen()).toBe(false);
      expect(await isRunning(pid)).toBe(true);
      await cgroup.freeze();
      expect(cgroup.isFrozen()).toBe(true);
      expect(frozenFile(pid)).toBe('frozen');
      const other = spawn('sh', BUSY, { memory: '16M', ...where() });
      const before = await lastSwitch(pid, other.pid ?? 0);
      await otherRounds(other.pid ?? 0);
      expect(switches(pid)).toBe(before);
      await cgroup.thaw();
      expect(cgroup.isFrozen()).toBe(false);
      expect(frozenFile(pid)).toBe('running');
      expect(await isRunning(pid)).toBe(true);
      for (const each of [child, other]) {
        each.kill('SIGKILL');
        await each.outcome;
      }
    });

    test('again, and of an empty cage, changes nothing', async () => {
      const cage = createCage({ memory: '16M', ...where() });
      await cage.cgroup.thaw();
      await cage.cgroup.freeze();
      await cage.cgroup.freeze();
      expect(cage.cgroup.isFrozen()).toBe(true);
      await Promise.all([cage.cgroup.thaw(), cage.cgroup.thaw()]);
      expect(cage.cgroup.isFrozen()).toBe(false);
      await cage.close();
    });

    describe('of a shared cage', () => {
      let cage: ReturnType<typeof createCage>;
      beforeEach(() => {
        cage = createCage({ memory: '16M', ...where() });
      });
      afterEach(() => cage.close());

      test('keeps children from being started in it, until the thaw', async () => {
        await cage.cgroup.freeze();
        expect(() => cage.spawn('true')).toThrow(withCode('FROZEN'));
        await cage.cgroup.thaw();
        expect(await cage.run('true')).toMatchObject({ exitCode: 0 });
      });

      test('does not keep kill() and close() from ending it', async () => {
        const first = cage.spawn('sh', BUSY);
        await cage.cgroup.freeze();
        await cage.kill();
        expect(await first.outcome).toMatchObject({ signal: 'SIGKILL', oom: null });
        await cage.cgroup.thaw();
        const second = cage.spawn('sh', BUSY);
        await cage.cgroup.freeze();
        await cage.close();
        const { signal, error } = await second.outcome;
        expect({ signal, error }).toEqual({ signal: 'SIGKILL', error: null });
      });
    });
  });
}

suite('v2', () => ({ parent: home() }));
suite('hybrid', () => ({}));

describeIf('v2', 'a frozen cgroup above', () => {
  test('freezes what is below, which thaw() can not change: it waits for the one above', async () => {
    const parent = makeInHome();
    write(parent.path, 'cgroup.subtree_control', '+memory');
    using above = Cgroup.open(parent.path);
    using below = Cgroup.create('below', { parent: above });
    await above.freeze();
    expect(below.isFrozen()).toBe(true);
    const thawed = below.thaw();
    expect(below.isFrozen()).toBe(true);
    await above.thaw();
    await thawed;
    expect(below.isFrozen()).toBe(false);
    parent.remove();
  });
});

describeIf('v1', "a stranger's cgroup of v1", () => {
  test('has nothing to be frozen by, and no events, reclaim and peak of its own', async () => {
    const { path, remove } = makeCgroup();
    using group = Cgroup.open(path);
    expect(group.isFrozen()).toBe(false);
    await expect(group.freeze()).rejects.toThrow(withCode('NOT_IN_VERSION', 'freeze()'));
    await expect(group.thaw()).rejects.toThrow(withCode('NOT_IN_VERSION', 'thaw()'));
    await expect(group.reclaim('1M')).rejects.toThrow(withCode('NOT_IN_VERSION', 'memory.reclaim'));
    expect(() => group.counts()).toThrow(withCode('NOT_IN_VERSION', 'memory.events'));
    expect(() => group.counts({ local: true })).toThrow(withCode('NOT_IN_VERSION', 'memory.events.local'));
    expect(() => group.trackPeak()).toThrow(withCode('NOT_IN_VERSION', 'trackPeak()'));
    expect(() => group.setLimits({ swapHigh: '1M' })).toThrow(withCode('NOT_IN_VERSION', 'memory.swapHigh'));
    remove();
  });
});
