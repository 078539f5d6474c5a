import { spawn as nodeSpawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cage, createCage, type OomEvent, run } from 'memcage';
import {
  allocate,
  eachLine,
  type Kind,
  killedFirst,
  kinds,
  type Place,
  place,
  said,
} from '../../../support/cage-kinds';
import { makeCgroup, oomKills, placeForStrangers } from '../../../support/cgroups/cgroup-tree';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { isAlive } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

// Longer than memcage keeps looking for the kill that a v1 notification announces.
const LATE_MS = patience(1500);

const ONE_KILL = expect.stringMatching(/ was killed for its memory limit of 8 MiB$/) as string;
const THREE_KILLS = expect.stringMatching(
  /^3 processes( \(.*\))? were killed for their memory limit of 8 MiB$/,
) as string;

type Kills = Omit<OomEvent, 'underOom' | 'timeMs'>;

/** What a cage emits, in order. */
function record(cage: Cage): (Kills | 'close')[] {
  const events: (Kills | 'close')[] = [];
  cage.on('oom', ({ underOom, timeMs, ...event }) => {
    expect(underOom).toBe(false);
    expect(Math.abs(timeMs - Date.now())).toBeLessThan(patience(60_000));
    events.push(event);
  });
  cage.on('close', () => events.push('close'));
  return events;
}

describeIf('cgroup', "the event 'oom'", () => {
  expectNothingLeft(() => run('true', { memory: '8M' }), { parents: true });

  describe.each(kinds)('of a %s cage', (kind: Kind) => {
    let entered: Place | undefined;

    afterEach(() => entered?.close());

    test('comes while the child lives, once for each kill, with the totals right', async () => {
      entered = place(kind, { memory: '8M' });
      const child = entered.spawn(...eachLine);
      const events = record(child.cage);
      for (let kill = 1; kill <= 3; kill += 1) {
        child.stdin.write('\n');
        await until('an event', () => events.length >= kill);
        await said(child, 'done');
        expect(isAlive(child.pid ?? 0)).toBe(true);
        expect(oomKills(child.cage.cgroup.path)).toBe(kill);
        expect(events.at(-1)).toMatchObject({ cause: 'limit', kills: 1, totalKills: kill, message: ONE_KILL });
      }
      child.stdin.end();
      expect((await child.outcome).oom).toMatchObject({ cause: 'limit', kills: 3, message: THREE_KILLS });
      await entered.close();
      expect(events.filter((event) => event !== 'close')).toHaveLength(3);
      expect(events.at(-1)).toBe('close');
    });

    test('of many kills at once add up to the count of the kernel', async () => {
      entered = place(kind, { memory: '8M' });
      const workers = 6;
      const worker = `{ ${killedFirst}; echo ready; read -r _ <&3; exec ${allocate(30)}; } &`;
      const script = `exec 3<&0; ${`${worker} `.repeat(workers)} wait; echo done; read -r _; exit 0`;
      const child = entered.spawn('sh', ['-c', script]);
      const events = record(child.cage);
      for (let ready = 0; ready < workers; ready += 1) await said(child, 'ready');
      child.stdin.write('\n'.repeat(workers));
      await said(child, 'done');
      const kills = oomKills(child.cage.cgroup.path);
      expect(kills).toBe(workers);
      child.stdin.end();
      expect((await child.outcome).oom).toMatchObject({ cause: 'limit', kills });
      await entered.close();
      const ooms = events.filter((event) => event !== 'close');
      expect(ooms.reduce((sum, event) => sum + event.kills, 0)).toBe(kills);
      let total = 0;
      for (const event of ooms) {
        total += event.kills;
        expect(event.kills).toBeGreaterThan(0);
        expect(event.totalKills).toBe(total);
      }
    });

    test("tells an ancestor's limit", async () => {
      const parent = makeCgroup('8M');
      entered = place(kind, { memory: '64M', parent: parent.path });
      const child = entered.spawn(...eachLine);
      const events = record(child.cage);
      child.stdin.write('\n');
      await until('an event', () => events.length > 0);
      expect(isAlive(child.pid ?? 0)).toBe(true);
      expect(events).toMatchObject([{ cause: 'ancestor', kills: 1, totalKills: 1 }]);
      child.stdin.end();
      await child.outcome;
      await entered.close();
      parent.remove();
    });

    test('does not come for a child that ended well', async () => {
      entered = place(kind, { memory: '64M' });
      const child = entered.spawn('sh', ['-c', allocate(30)]);
      const events = record(child.cage);
      expect(await child.outcome).toMatchObject({ exitCode: 0, oom: null });
      await entered.close();
      expect(events).toEqual(['close']);
    });
  });

  // What comes too late is waited for in cages of both kinds at once.
  const ofEachKind = (body: (kind: Kind) => Promise<void>) => async (): Promise<void> => {
    const ends = await Promise.allSettled(kinds.map(body));
    expect(ends.filter(({ status }) => status === 'rejected')).toEqual([]);
  };

  test(
    'comes before the outcome when main itself was killed',
    ofEachKind(async (kind) => {
      const entered = place(kind, { memory: '8M' });
      const child = entered.spawn('sh', ['-c', `exec ${allocate(30)}`]);
      const events = record(child.cage);
      const { oom } = await child.outcome;
      expect(oom).toMatchObject({ cause: 'limit', kills: 1 });
      expect(events[0]).toMatchObject({ cause: 'limit', kills: 1, totalKills: 1 });
      await entered.close();
      await sleep(LATE_MS);
      expect(events).toHaveLength(2);
      expect(events[1]).toBe('close');
    }),
  );

  test(
    'does not come for a notification without a kill of ours',
    ofEachKind(async (kind) => {
      const parent = makeCgroup('24M');
      const entered = place(kind, { memory: '16M', parent: parent.path });
      const child = entered.spawn(...eachLine);
      const events = record(child.cage);
      const strangers = placeForStrangers(parent.path);
      const victim = nodeSpawn('sh', ['-c', `echo 0 >"$0/cgroup.procs"; exec ${allocate(60)}`, strangers]);
      await once(victim, 'exit');
      expect(oomKills(parent.path)).toBe(1);
      await sleep(LATE_MS);
      child.stdin.end();
      expect((await child.outcome).oom).toBeNull();
      await entered.close();
      expect(events).toEqual(['close']);
      parent.remove();
    }),
  );

  test('of a shared cage adds up over all its children, also those that are gone', async () => {
    const cage = createCage({ memory: '8M' });
    const events = record(cage);
    const children = [cage.spawn(...eachLine, {}), cage.spawn(...eachLine, {}), cage.spawn(...eachLine, {})];
    let total = 0;
    for (const round of [1, 2]) {
      for (const child of children) {
        child.stdin.write('\n');
        total += 1;
        await until(`event ${total}`, () => events.length >= total);
        await said(child, 'done');
        expect(events.at(-1)).toMatchObject({ cause: 'limit', kills: 1, totalKills: total });
      }
      if (round === 1) {
        const gone = children.shift();
        gone?.stdin.end();
        expect((await gone?.outcome)?.oom).toMatchObject({ cause: 'limit', kills: 1 });
      }
    }
    for (const child of children) {
      child.stdin.end();
      expect((await child.outcome).oom).toMatchObject({ cause: 'limit', kills: 2 });
    }
    expect((await cage.run('sh', ['-c', `exec ${allocate(30)}`], { reject: false })).oom?.kills).toBe(1);
    await cage.close();
    expect(events.slice(-2)).toMatchObject([{ cause: 'limit', kills: 1, totalKills: total + 1 }, 'close']);
    expect(events).toHaveLength(total + 2);
  });

  test('two shared cages do not hear of each other', async () => {
    const [one, other] = [createCage({ memory: '8M' }), createCage({ memory: '8M' })];
    const events = { one: record(one), other: record(other) };
    const child = other.spawn(...eachLine, {});
    await one.run('sh', ['-c', `exec ${allocate(30)}`], { reject: false });
    child.stdin.end();
    await child.outcome;
    await one.close();
    await other.close();
    expect(events).toMatchObject({ one: [{ cause: 'limit', kills: 1, totalKills: 1 }, 'close'], other: ['close'] });
  });
});
