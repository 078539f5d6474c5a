import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type MemoryOption, run } from 'memcage';
import { Cgroup, type CgroupEvents } from 'memcage/cgroup';
import { killedFirst, said } from '../../support/cage-kinds';
import { oomKills, removeTree, version } from '../../support/cgroups/cgroup-tree';
import { countOf, namesOf, recordEvents } from '../../support/children/record-events';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { expectNoNewFds, openFdCount, openFds } from '../../support/processes/fds';
import { describeIf } from '../../support/require';
import { thrown } from '../../support/thrown';
import { until } from '../../support/until';

const LIMITS = ['oom', 'oomKill', 'high', 'max', 'low'] as const;
const STATES = ['empty', 'populated', 'frozen', 'thawed'] as const;
const HERE = version === 1 ? (['oom', 'oomKill', 'removed'] as const) : ([...LIMITS, ...STATES, 'removed'] as const);

let made = 0;
let group: Cgroup;
let members: ChildProcessWithoutNullStreams[];

function create(memory: MemoryOption): Cgroup {
  made += 1;
  group = Cgroup.create(`memcage-events-${process.pid}-${made}`, { memory });
  members = [];
  return group;
}

/** Runs a shell command for each line of input, and says "done". */
async function join(command: string): Promise<ChildProcessWithoutNullStreams> {
  const child = spawn('sh', ['-c', `echo ready; while read -r _; do ${command}; echo done; done`]);
  members.push(child);
  await said(child, 'ready');
  group.add(child.pid ?? 0);
  return child;
}

async function step(child: ChildProcessWithoutNullStreams): Promise<void> {
  child.stdin.write('\n');
  await said(child, 'done');
}

async function leave(): Promise<void> {
  for (const child of members) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.stdin.end();
    await once(child, 'exit');
  }
}

// Never the shell, which may be the largest while many begin.
const KILLED = `(${killedFirst}; exec tail /dev/zero)`;

describeIf('cgroup', 'events of a cgroup', () => {
  afterEach(async () => {
    await leave();
    group.close();
    removeTree(group.path);
  });

  // libuv keeps its inotify instance open.
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('oom and oomKill come once for each kill, while its processes live', async () => {
    create('8M');
    const events = recordEvents(group, ['oom', 'oomKill']);
    const child = await join(KILLED);
    const startMs = Date.now();
    for (const kill of [1, 2, 3]) {
      await step(child);
      await until('both', () => countOf(events, 'oomKill') === kill && countOf(events, 'oom') >= kill);
    }
    expect(oomKills(group.path)).toBe(3);
    for (const { name, event } of events) {
      expect(event.timeMs).toBeGreaterThan(startMs - 1000);
      expect(event.timeMs).toBeLessThan(Date.now() + 1000);
      if (name === 'oom') expect(event).toMatchObject({ underOom: false });
    }
  });

  test('many kills in quick succession add up to the count of the kernel', async () => {
    create('8M');
    const events = recordEvents(group, ['oom', 'oomKill']);
    const child = await join(
      Array.from({ length: 12 }, () => `${KILLED} &`)
        .join(' ')
        .concat(' wait'),
    );
    await step(child);
    expect(oomKills(group.path)).toBe(12);
    await until('all kills', () => countOf(events, 'oomKill') === 12);
    await sleep(patience(50));
    expect(countOf(events, 'oomKill')).toBe(12);
    expect(countOf(events, 'oom')).toBeGreaterThan(0);
  });

  test('a listener that comes later has counts of its own, and takes none from the first', async () => {
    create('8M');
    const first = recordEvents(group, ['oomKill']);
    const child = await join(KILLED);
    await step(child);
    const second = recordEvents(group, ['oom']);
    await step(child);
    await until('the kills', () => countOf(first, 'oomKill') === 2);
    await until('the second oom', () => countOf(second, 'oom') >= 1);
    if (version === 2) expect(countOf(second, 'oom')).toBe(1);
  });

  test('takes nothing without a listener, and gives back what it took', async () => {
    create('8M');
    const fds = openFdCount();
    const listener = (): void => {};
    group.on('oom', listener).on('oomKill', listener);
    const some = openFdCount();
    expect(some).toBeGreaterThan(fds);
    // Another listener uses the same source.
    group.once('oomKill', listener);
    expect(openFdCount()).toBe(some);
    group.off('oomKill', listener).off('oomKill', listener).off('oom', listener);
    const after = openFdCount();
    // On v2 libuv has made an inotify instance, which it keeps open.
    expect(after).toBeLessThanOrEqual(fds + (version === 2 ? 1 : 0));
    for (const name of HERE) group.on(name, listener);
    expect(openFdCount()).toBeGreaterThan(after);
    group.removeAllListeners();
    expect(openFdCount()).toBe(after);
    group.on('oom', listener);
    expect(openFdCount()).toBeGreaterThan(after);
    group.close();
    // That closes its own fd as well.
    expect(openFdCount()).toBe(after - 1);
  });

  test('none comes after close()', async () => {
    create('8M');
    const events = recordEvents(group, HERE);
    using other = Cgroup.open(group.path);
    const seen = recordEvents(other, ['oomKill']);
    const child = await join(KILLED);
    await step(child);
    group.close();
    const { length } = events;
    await step(child);
    await until('the kills', () => countOf(seen, 'oomKill') === 2);
    await sleep(patience(100));
    expect(events).toHaveLength(length);
    expect(thrown(() => group.on('oom', () => {}))).toMatchObject({ code: 'ERR_MEMCAGE_CLOSED' });
  });

  test('a listener may close the handle', async () => {
    create('8M');
    const child = await join(KILLED);
    using other = Cgroup.open(group.path);
    const seen = recordEvents(other, ['oomKill']);
    group.once('oom', () => group.close());
    const closed = recordEvents(group, ['oomKill']);
    await step(child);
    await until('the kill', () => countOf(seen, 'oomKill') === 1);
    expect(closed).toEqual([]);
  });

  test.each(['memcage', 'someone else'])('removed by %s: the last event, and the fds are back', async (who) => {
    const fds = openFds();
    create('8M');
    using other = Cgroup.open(group.path);
    const events = recordEvents(group, HERE);
    const child = await join(KILLED);
    await step(child);
    await until('the kill', () => countOf(events, 'oomKill') === 1);
    await leave();
    if (who === 'memcage') await group.remove();
    else removeTree(group.path);
    await until('removed', () => namesOf(events).includes('removed'));
    expect(namesOf(events).at(-1)).toBe('removed');
    expect(countOf(events, 'oomKill')).toBe(1);
    if (version === 2) expect(countOf(events, 'empty')).toBe(1);
    await sleep(patience(150));
    expect(namesOf(events).filter((name) => name === 'removed')).toHaveLength(1);
    // The other handle's own, this one's if it was not removed with it, and libuv's inotify instance.
    await expectNoNewFds(fds, 1 + (who === 'memcage' ? 0 : 1) + (version === 2 ? 1 : 0));
    for (const name of HERE) {
      expect(thrown(() => other.on(name, () => {}))).toMatchObject({ code: 'ERR_MEMCAGE_NO_CGROUP' });
    }
  });

  test('what this version does not have is refused when it is listened to', () => {
    create('8M');
    const fds = openFdCount();
    const missing = version === 1 ? [...LIMITS.slice(2), ...STATES] : (['threshold'] as const);
    for (const name of missing) {
      expect(thrown(() => group.on(name as keyof CgroupEvents, () => {}))).toMatchObject({
        code: 'ERR_MEMCAGE_NOT_IN_VERSION',
        message: expect.stringContaining(`'${name}'`) as string,
      });
      expect(group.listenerCount(name as keyof CgroupEvents)).toBe(0);
    }
    expect(() => group.on('oom', 1 as never)).toThrow('must be of type function');
    expect(openFdCount()).toBeLessThanOrEqual(fds + (version === 2 ? 1 : 0));
  });

  test('many cgroups hear each of its own only', async () => {
    const groups = Array.from({ length: 40 }, () => create('8M'));
    const heard = groups.map((each) => recordEvents(each, ['oomKill']));
    for (const index of [3, 20, 37]) {
      group = groups[index] as Cgroup;
      await step(await join(KILLED));
      await until('the kill', () => countOf(heard[index] ?? [], 'oomKill') === 1);
      await leave();
    }
    expect(heard.map((events) => countOf(events, 'oomKill')).reduce((sum, count) => sum + count)).toBe(3);
    for (const each of groups) {
      await each.remove();
    }
  });
});

describeIf('v2', 'events of a v2 cgroup', () => {
  afterEach(async () => {
    await leave();
    group.close();
    removeTree(group.path);
  });

  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('empty and populated, frozen and thawed', async () => {
    create('64M');
    const events = recordEvents(group, STATES);
    await join('true');
    expect(namesOf(events)).toEqual(['populated']);
    await group.freeze();
    await group.thaw();
    expect(namesOf(events)).toEqual(['populated', 'frozen', 'thawed']);
    await leave();
    await until('empty', () => namesOf(events).includes('empty'));
    expect(namesOf(events)).toEqual(['populated', 'frozen', 'thawed', 'empty']);
    // This one is gone before memcage can look at it.
    const short = spawn('sh', ['-c', 'read -r _']);
    group.add(short.pid ?? 0);
    short.stdin.end();
    await until('empty again', () => countOf(events, 'empty') === 2);
    expect(countOf(events, 'populated')).toBe(2);
  });

  test('max comes with an OOM kill, by the counts of the kernel', async () => {
    create('8M');
    const events = recordEvents(group, ['max', 'oom', 'oomKill']);
    await step(await join(KILLED));
    await until('all of it', () => {
      const { max, oom, oom_kill } = group.counts();
      const counted = [countOf(events, 'max'), countOf(events, 'oom'), countOf(events, 'oomKill')];
      return String(counted) === String([max, oom, oom_kill]) && max > 0;
    });
  });

  describeIf('swap', 'with swap', () => {
    test('high and low, by the counts of the kernel', async () => {
      const outer = create({ max: '24M', swap: 'max' });
      outer.set('cgroup.subtree_control', '+memory');
      const inner = Cgroup.create('inner', { parent: outer, memory: { high: '20M', low: '64M', swap: 'max' } });
      const events = recordEvents(inner, ['high', 'low']);
      const above = recordEvents(outer, ['high', 'low', 'max']);
      group = inner;
      const child = await join(`perl -e '$kept = "x" x (40 << 20)'`);
      // First it is above `high`. With that limit gone, `low` protects it from the limit above.
      await step(child);
      inner.set('memory.high', 'max');
      await step(child);
      await until('all of it', () => {
        const { high, low } = inner.counts();
        const counted = [countOf(events, 'high'), countOf(events, 'low')];
        return String(counted) === String([high, low]) && high > 0 && low > 0;
      });
      await until('the same above', () => {
        const { high, low, max } = outer.counts();
        const counted = [countOf(above, 'high'), countOf(above, 'low'), countOf(above, 'max')];
        return String(counted) === String([high, low, max]);
      });
      await leave();
      await inner.remove();
      group = outer;
    });
  });
});
