import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Cage,
  type CageThresholdEvent,
  createCage,
  createLauncher,
  run,
  type SpawnSyncOptions,
  spawn,
  spawnSync,
} from 'memcage';
import { said } from '../../support/cage-kinds';
import { files, version } from '../../support/cgroups/cgroup-tree';
import { countOf, type Recorded, recordEvents } from '../../support/children/record-events';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { expectNoNewFds, openFdCount, openFds } from '../../support/processes/fds';
import { fillFds } from '../../support/processes/fill-fds';
import { describeIf } from '../../support/require';
import { thrown } from '../../support/thrown';
import { until } from '../../support/until';

const MIB = 2 ** 20;

/** Takes that many MiB, says "done", and holds them until its stdin ends. It takes them once. */
function keeping(megabytes: number): [string, string[]] {
  return ['perl', ['-e', `$| = 1; $k = "x"; $k x= ${megabytes} << 20; print "done\\n"; <STDIN>`]];
}

/** For each two lines of input, takes 24 MiB and gives them back. */
const BREATHING = [
  'sh',
  ['-c', 'while read -r _; do perl -e "$1"; echo given; done', 'sh', ...keeping(24)[1].slice(1)],
] as [string, string[]];

function told(events: readonly Recorded[]): [unknown, boolean][] {
  return events.map(({ event }) => event as CageThresholdEvent).map(({ threshold, above }) => [threshold, above]);
}

describeIf('cgroup', 'thresholds of a cage', () => {
  let cage: Cage;
  afterEach(async () => cage.close());
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('are told when the use goes above them, and when it is below again', async () => {
    const shared = createCage({ memory: '100M', thresholds: ['16M', '90%', '20%'] });
    cage = shared;
    const events = recordEvents(cage, ['threshold']);
    const child = shared.spawn(...keeping(40));
    await said(child, 'done');
    await until('above both', () => events.length === 2);
    expect(told(events)).toEqual(
      expect.arrayContaining([
        ['16M', true],
        ['20%', true],
      ]),
    );
    for (const { event } of events) {
      const { threshold, thresholdBytes, usageBytes, count, totalCount, timeMs } = event as CageThresholdEvent;
      expect(thresholdBytes).toBe(threshold === '16M' ? 16 * MIB : 20 * MIB);
      expect(usageBytes).toBeGreaterThanOrEqual(thresholdBytes);
      expect([count, totalCount]).toEqual([1, 1]);
      expect(Math.abs(Date.now() - timeMs)).toBeLessThan(60_000);
    }
    child.stdin.end('\n');
    await child.outcome;
    await until('below both', () => events.length === 4);
    expect(told(events.slice(2))).toEqual(
      expect.arrayContaining([
        ['16M', false],
        ['20%', false],
      ]),
    );
    expect(events.slice(2).map(({ event }) => event.totalCount)).toEqual([2, 2]);
    await cage.close();
    expect(events).toHaveLength(4);
  });

  test('are told each time', async () => {
    const child = spawn(...BREATHING, { memory: '64M', thresholds: ['16M'], stdio: 'pipe' });
    cage = child.cage;
    const events = recordEvents(cage, ['threshold']);
    for (const round of [1, 2, 3]) {
      child.stdin.write('\n');
      await said(child, 'done');
      await until('it is above', () => countOf(events, 'threshold') === 2 * round - 1);
      child.stdin.write('\n');
      await said(child, 'given');
      await until('it is below', () => countOf(events, 'threshold') === 2 * round);
    }
    child.stdin.end();
    await child.outcome;
    const directions = [true, false, true, false, true, false];
    expect(told(events)).toEqual(directions.map((above) => ['16M', above]));
  });

  test('one that the use is above already is told to whoever begins to listen', async () => {
    const child = spawn(...keeping(24), { memory: '64M', thresholds: ['25%', '60M'], stdio: 'pipe' });
    cage = child.cage;
    await said(child, 'done');
    const events: unknown[] = [];
    cage.once('threshold', ({ threshold, above, count }) => events.push([threshold, above, count]));
    expect(events).toEqual([]);
    await until('it is told', () => events.length > 0);
    expect(events).toEqual([['25%', true, 1]]);
    const [again] = (await once(cage, 'threshold')) as [CageThresholdEvent];
    expect(again).toMatchObject({ threshold: '25%', thresholdBytes: 16 * MIB, above: true, totalCount: 1 });
    child.stdin.end('\n');
    await child.outcome;
  });

  test('percentages follow the limit, whoever changes it', async () => {
    const shared = createCage({ memory: '50M', thresholds: ['50%', '100M'] });
    cage = shared;
    const events = recordEvents(cage, ['threshold']);
    const child = shared.spawn(...keeping(32));
    await said(child, 'done');
    await until('above half of 50 MiB', () => events.length === 1);
    cage.setLimits({ memory: '120M' });
    expect(events).toHaveLength(2);
    expect(events[1]?.event).toMatchObject({ threshold: '50%', thresholdBytes: 60 * MIB, above: false });
    cage.cgroup.setLimits('56M');
    expect(events).toHaveLength(3);
    expect(events[2]?.event).toMatchObject({ threshold: '50%', thresholdBytes: 28 * MIB, above: true, totalCount: 3 });
    // Also a stranger.
    const { path } = cage.cgroup;
    if (version === 1) writeFileSync(`${path}/memory.memsw.limit_in_bytes`, '-1');
    writeFileSync(`${path}/${files.limit}`, version === 1 ? '-1' : 'max');
    await until('there is no half', () => events.length === 4);
    expect(events[3]?.event).toMatchObject({ thresholdBytes: Number.POSITIVE_INFINITY, above: false });
  });

  test('take fds only while someone listens', async () => {
    // Each time with another limit, so that no cage is made ahead.
    await run('true', { memory: '12M' });
    cage = createCage({ memory: '64M', thresholds: ['50%', '40M'] });
    const fds = openFdCount();
    const listeners = [() => {}, () => {}];
    for (const listener of listeners) cage.on('threshold', listener);
    expect(openFdCount()).toBe(fds + (cage.cgroup.version === 1 ? 6 : 2));
    for (const listener of listeners) cage.off('threshold', listener);
    expect(openFdCount()).toBe(fds);
    cage.on('threshold', () => {});
  });

  test('without a free fd, listening fails and leaves nothing', () => {
    cage = createCage({ memory: '64M', thresholds: ['16M', '32M'] });
    const fds = openFdCount();
    for (const free of [0, 1, 2, 3, 4, 5].slice(0, version === 1 ? 6 : 2)) {
      const release = fillFds(free);
      try {
        expect(() => cage.on('threshold', () => {})).toThrow(/EMFILE/);
      } finally {
        release();
      }
      expect(openFdCount()).toBe(fds);
    }
    cage.on('threshold', () => {});
  });

  test('whoever stops to listen in the middle is told no more', async () => {
    const shared = createCage({ memory: '64M', thresholds: ['8M', '10M', '12M'] });
    cage = shared;
    const fds = openFds();
    const child = shared.spawn(...keeping(24));
    await said(child, 'done');
    let heard = 0;
    const stop = (): void => {
      heard += 1;
      cage.off('threshold', stop);
    };
    cage.on('threshold', stop);
    await until('it is told', () => heard > 0);
    child.stdin.end('\n');
    await child.outcome;
    expect(heard).toBe(1);
    await expectNoNewFds(fds);
  });

  test('nothing is told of a cage that is gone', async () => {
    const shared = createCage({ memory: '64M', thresholds: ['16M'] });
    cage = shared;
    const names: string[] = [];
    cage.on('threshold', ({ above }) => names.push(above ? 'above' : 'below'));
    cage.on('close', () => names.push('close'));
    const child = shared.spawn(...keeping(24));
    await said(child, 'done');
    await until('it is above', () => names.includes('above'));
    await cage.close();
    cage.on('threshold', () => names.push('late'));
    await sleep(patience(120));
    expect(names.at(-1)).toBe('close');
    expect(names.slice(0, -1)).toEqual(names.includes('below') ? ['above', 'below'] : ['above']);
  });

  (version === 1 ? test : test.skip)(
    'a peak between two looks is not missed where the kernel tells of it',
    async () => {
      const child = spawn('perl', ['-e', '<STDIN>; $k = "x" x (24 << 20)'], {
        memory: '64M',
        thresholds: ['16M'],
        stdio: 'pipe',
      });
      cage = child.cage;
      const events = recordEvents(cage, ['threshold']);
      child.stdin.end('\n');
      await child.outcome;
      expect(countOf(events, 'threshold')).toBe(2);
    },
  );

  test('of a launcher', async () => {
    const launcher = createLauncher({ memory: '64M', thresholds: ['16M'] });
    cage = launcher.cage;
    const events = recordEvents(cage, ['threshold']);
    const child = spawn(launcher.file, [...launcher.args, 'sh', '-c', 'exec "$@"', 'sh', ...keeping(24).flat()], {
      stdio: 'pipe',
    });
    await until('it is above', () => events.length === 1);
    child.stdin.end('\n');
    await child.outcome;
    await launcher.close();
  });

  test('only a cage that was made with some has the event', () => {
    cage = createCage({ memory: '8M' });
    expect(thrown(() => cage.on('threshold', () => {}))).toMatchObject({
      code: 'ERR_MEMCAGE_UNSUPPORTED',
      message: expect.stringContaining('thresholds') as string,
    });
    expect(cage.listenerCount('threshold')).toBe(0);
  });

  test('synchronous functions refuse them, and what is about a channel', () => {
    cage = createCage({ memory: '8M' });
    for (const [name, value] of [
      ['thresholds', ['50%']],
      ['ipcHandles', false],
      ['ipcHandles', true],
    ] as const) {
      const options = { memory: '8M', [name]: value } as SpawnSyncOptions;
      expect(thrown(() => spawnSync('true', options))).toMatchObject({
        code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
        message: expect.stringMatching(
          new RegExp(`^${name} can.t be given to spawnSync\\(\\), since JavaScript is blocked`),
        ) as string,
      });
    }
  });
});
