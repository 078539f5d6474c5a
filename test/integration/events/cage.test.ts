import { setTimeout as sleep } from 'node:timers/promises';
import { createCage, type OomEvent, run, type SharedCage, spawn } from 'memcage';
import { allocate, eachLine, type Kind, kinds, place, said } from '../../support/cage-kinds';
import { version } from '../../support/cgroups/cgroup-tree';
import { countOf, namesOf, recordEvents } from '../../support/children/record-events';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { openFdCount } from '../../support/processes/fds';
import { describeIf } from '../../support/require';
import { thrown } from '../../support/thrown';
import { until } from '../../support/until';

const STATES = ['empty', 'populated', 'frozen', 'thawed'] as const;

describeIf('cgroup', 'events of a cage', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test.each(kinds)('oom of a %s cage counts the kills', async (kind: Kind) => {
    const entered = place(kind, { memory: '8M' });
    const child = entered.spawn(...eachLine);
    const ooms: OomEvent[] = [];
    child.cage.on('oom', (event) => ooms.push(event));
    const closed = recordEvents(child.cage, ['close']);
    for (const kill of [1, 2]) {
      child.stdin.write('\n');
      await said(child, 'done');
      await until('the event', () => ooms.length === kill);
    }
    child.stdin.end();
    await child.outcome;
    await entered.close();
    expect(namesOf(closed)).toEqual(['close']);
    expect(ooms).toEqual(
      [1, 2].map((totalKills) => expect.objectContaining({ kills: 1, totalKills, underOom: false }) as unknown),
    );
  });

  describeIf('unified', 'with the unified hierarchy', () => {
    test('empty and populated, frozen and thawed', async () => {
      await using cage = createCage({ memory: '64M' });
      const events = recordEvents(cage.cgroup, STATES);
      const child = cage.spawn('cat', [], {});
      await cage.cgroup.freeze();
      await cage.cgroup.thaw();
      child.stdin.end();
      await child.outcome;
      await until('empty', () => namesOf(events).includes('empty'));
      expect(namesOf(events)).toEqual(['populated', 'frozen', 'thawed', 'empty']);
      for (const round of [2, 3, 4]) {
        await cage.run('true');
        await until('empty again', () => countOf(events, 'empty') === round);
        expect(countOf(events, 'populated')).toBe(round);
      }
    });

    test('empty comes before the cage is closed, for a child that ends at once as well', async () => {
      for (let start = 0; start < 10; start += 1) {
        const child = spawn('true', { memory: '16M' });
        const names: string[] = [];
        child.cage.cgroup.on('empty', () => names.push('empty'));
        child.cage.on('close', () => names.push('close'));
        await child.outcome;
        expect(names).toEqual(['empty', 'close']);
      }
    });
  });

  test('what nobody listens to takes no fd, and the common end is the watcher’s again', async () => {
    const child = spawn('cat', { memory: '16M', stdio: 'pipe' });
    const fds = openFdCount();
    child.cage.on('oom', () => {}).on('close', () => {});
    expect(openFdCount()).toBe(fds);
    child.stdin.end();
    await child.outcome;
  });

  test('nothing comes after close', async () => {
    const cage: SharedCage = createCage({ memory: '16M' });
    const names: string[] = [];
    for (const name of version === 1 ? (['oom', 'oomKill'] as const) : (['high', 'max', 'low', ...STATES] as const)) {
      cage.cgroup.on(name, () => names.push(name));
    }
    cage.on('close', () => names.push('close'));
    await cage.close();
    const { length } = names;
    await sleep(patience(150));
    expect(names).toHaveLength(length);
    expect(names.at(-1)).toBe('close');
    cage.cgroup.removeAllListeners();
    const late = version === 1 ? 'empty' : 'max';
    expect(thrown(() => cage.cgroup.on(late, () => {}))).toMatchObject({ code: 'ERR_MEMCAGE_CLOSED' });
  });
});

describeIf('v2', 'of a cage on v2, at the end of its child', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('max, and oom without a kill, are not lost', async () => {
    for (let start = 0; start < 5; start += 1) {
      const child = spawn('sh', ['-c', `read -r _; ${allocate(30)}`], { memory: '8M', stdio: 'pipe' });
      const seen = recordEvents(child.cage.cgroup, ['max', 'oom', 'oomKill', 'empty', 'removed']);
      child.stdin.end('\n');
      await child.outcome;
      expect(countOf(seen, 'max')).toBeGreaterThan(0);
      expect([countOf(seen, 'oomKill'), countOf(seen, 'oom'), countOf(seen, 'empty')]).toEqual([1, 1, 1]);
      expect(namesOf(seen).at(-1)).toBe('removed');
    }
  });
});

describeIf('v1', 'with the OOM killer off', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  const holder = '$| = 1; <STDIN>; $k = "x" x (24 << 20); print "has it\\n"; <STDIN>';

  const waiting = { cause: 'limit', kills: 0, totalKills: 0, underOom: true };

  test.each(kinds)(
    'processes of a %s cage wait, oom says so, and they go on below a higher limit',
    async (kind: Kind) => {
      const entered = place(kind, { memory: { max: '12M', oomKill: false } });
      const child = entered.spawn('perl', ['-e', holder]);
      const ooms: OomEvent[] = [];
      child.cage.on('oom', (event) => ooms.push(event));
      child.stdin.write('\n');
      await until('oom', () => ooms.length > 0);
      expect(ooms[0]).toMatchObject({
        ...waiting,
        timeMs: expect.any(Number) as number,
      });
      expect(child.exitCode).toBeNull();
      child.cage.cgroup.setLimits({ max: '64M' });
      await said(child, 'has it');
      child.stdin.end('\n');
      expect(await child.outcome).toMatchObject({ exitCode: 0, oom: null });
      await entered.close();
      // Now and then the kernel wakes them to try again, and notifies again when they have to wait.
      for (const oom of ooms) expect(oom).toMatchObject(waiting);
    },
  );

  test('a cgroup that is under OOM tells it to who comes later', async () => {
    const child = spawn('perl', ['-e', holder], { memory: { max: '12M', oomKill: false }, stdio: 'pipe' });
    const oom = new Promise<OomEvent>((resolve) => child.cage.once('oom', resolve));
    child.stdin.write('\n');
    expect(await oom).toMatchObject({ underOom: true });
    const late = recordEvents(child.cage.cgroup, ['oom']);
    await until('it', () => countOf(late, 'oom') > 0);
    expect(late[0]?.event).toMatchObject({ underOom: true });
    await child.cage.close();
  });
});
