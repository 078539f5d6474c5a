import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as untilNextIteration } from 'node:timers/promises';
import { createCage, run, spawn } from 'memcage';
import { Cgroup, type PressureEvent, type ThresholdEvent, type Trigger } from 'memcage/cgroup';
import { allocate, said } from '../../support/cage-kinds';
import { read, version } from '../../support/cgroups/cgroup-tree';
import { countOf, type Recorded, recordEvents } from '../../support/children/record-events';
import { startFixture } from '../../support/fixture';
import { expectNothingLeft } from '../../support/nothing-left';
import { expectNoNewFds, openFdCount, openFds } from '../../support/processes/fds';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { thrown } from '../../support/thrown';
import { until } from '../../support/until';

const MIB = 2 ** 20;

/** For each line of input, allocates 24 MiB and frees them. */
const breathing: [string, string[]] = ['sh', ['-c', `while read -r _; do ${allocate(24)}; echo done; done`]];

function eventsOf<T>(recorded: readonly Recorded[]): T[] {
  return recorded.map(({ event }) => event as T);
}

/** Has all threads of libuv's pool wait, until the returned function is called. */
async function occupyPool(fifo: string): Promise<() => Promise<void>> {
  execFileSync('mkfifo', [fifo]);
  const readers = Array.from({ length: Number(process.env.UV_THREADPOOL_SIZE ?? 4) }, () => open(fifo, 'r'));
  await untilNextIteration();
  return async () => {
    const writer = openSync(fifo, 'w');
    for (const reader of readers) await (await reader).close();
    closeSync(writer);
  };
}

describeIf('v1', 'thresholds of the use', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('are told each time they are crossed', async () => {
    // Each time with another limit, so that no cage is made ahead.
    await run('true', { memory: '12M' });
    const child = spawn(...breathing, { memory: '64M', stdio: 'pipe' });
    const { cgroup } = child.cage;
    const fds = openFds();
    const events = recordEvents(child.cage.cgroup, ['threshold']);
    expect(openFdCount()).toBe(fds.length);
    const [low, high] = [cgroup.addTrigger({ threshold: '16M' }), cgroup.addTrigger({ threshold: 60 * MIB })];
    expect(openFdCount()).toBe(fds.length + 4);
    for (const round of [1, 2, 3]) {
      child.stdin.write('\n');
      await said(child, 'done');
      await until('both crossings', () => countOf(events, 'threshold') === 2 * round);
      const last = eventsOf<ThresholdEvent>(events).at(-1);
      expect(last).toMatchObject({ trigger: { threshold: '16M' }, above: false });
    }
    for (const { usageBytes, above, trigger } of eventsOf<ThresholdEvent>(events)) {
      expect(trigger).toEqual({ threshold: '16M' });
      expect((usageBytes ?? 0) >= 16 * MIB).toBe(above);
    }
    low.close();
    low.close();
    high[Symbol.dispose]();
    await expectNoNewFds(fds);
    child.stdin.write('\n');
    await said(child, 'done');
    child.stdin.end();
    await child.outcome;
    expect(countOf(events, 'threshold')).toBe(6);
  });

  test('tells the direction', async () => {
    // It begins once the threshold is there: of a use that is above it already, nothing is told.
    const program = '$| = 1; <STDIN>; $k = "x"; $k x= 24 << 20; print "done"; <STDIN>; undef $k; <STDIN>';
    const child = spawn('perl', ['-e', program], { memory: '64M', stdio: 'pipe' });
    const events = recordEvents(child.cage.cgroup, ['threshold']);
    child.cage.cgroup.addTrigger({ threshold: '16M' });
    child.stdin.write('\n');
    await said(child, 'done');
    await until('it is above', () => countOf(events, 'threshold') === 1);
    expect(events[0]?.event).toMatchObject({ above: true, count: 1 });
    child.stdin.write('\n');
    await until('it is below', () => countOf(events, 'threshold') === 2);
    expect(events[1]?.event).toMatchObject({ above: false });
    child.stdin.end('\n');
    await child.outcome;
  });

  test('one that is crossed just before the child ends is not lost', async () => {
    // It frees what it has, because who reads its smaps at that moment would hold it beyond its end.
    const program = '<STDIN>; $k = "x"; $k x= 24 << 20; undef $k';
    for (const memory of ['64M', { max: '64M', swap: '64M' }] as const) {
      const child = spawn('perl', ['-e', program], { memory, stdio: 'pipe' });
      const events = recordEvents(child.cage.cgroup, ['threshold']);
      child.cage.cgroup.addTrigger({ threshold: '16M' });
      child.stdin.end('\n');
      expect(await child.outcome).toMatchObject({ exitCode: 0, oom: null });
      expect(countOf(events, 'threshold')).toBe(2);
    }
  });

  describeIf('swap-accounting', 'with swap accounting', () => {
    test('of memory and swap together', async () => {
      const child = spawn(...breathing, { memory: '64M', stdio: 'pipe' });
      const events = recordEvents(child.cage.cgroup, ['threshold']);
      child.cage.cgroup.addTrigger({ threshold: '16M', of: 'memory+swap' });
      child.stdin.write('\n');
      await until('both crossings', () => countOf(events, 'threshold') === 2);
      child.stdin.end();
      await child.outcome;
    });
  });
});

describeIf('cgroup', 'pressure', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  /** Its memory is reclaimed again and again, by reading a file or by swapping. */
  function startPressed() {
    if (read('/proc', 'swaps').includes('\n')) {
      const script =
        '$| = 1; <STDIN>; $k = "x" x (40 << 20); for (1 .. 5) { for ($i = 0; $i < 40 << 20; $i += 4096) { substr($k, $i, 1) = "y" } } print "done\\n"; <STDIN>';
      return spawn('perl', ['-e', script], { memory: { max: '24M', swap: '128M' }, stdio: 'pipe' });
    }
    const script = 'read -r _; cat "$0" >/dev/null; echo done; read -r _';
    return spawn('sh', ['-c', script, uncached()], { memory: '16M', stdio: 'pipe' });
  }

  /** A file that must be read from the disk. */
  function uncached(): string {
    const file = join(directory, 'file');
    writeFileSync(file, Buffer.alloc(64 * MIB));
    execFileSync('dd', [`of=${file}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0', 'status=none']);
    return file;
  }

  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'memcage-pressure-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  if (version === 1) {
    testRows(
      'is told by level',
      [{ pressure: 'low' }, { pressure: 'low', mode: 'local' }, { pressure: 'low', mode: 'hierarchy' }] as const,
      async (trigger) => {
        const child = startPressed();
        const events = recordEvents(child.cage.cgroup, ['pressure']);
        child.cage.cgroup.addTrigger(trigger);
        child.stdin.write('\n');
        await said(child, 'done');
        await until('pressure', () => countOf(events, 'pressure') > 0);
        expect(eventsOf<PressureEvent>(events)[0]?.trigger).toEqual(trigger);
        child.stdin.end('\n');
        await child.outcome;
      },
    );
  } else {
    const isThere = existsSync('/proc/pressure/memory');

    // The kernel waits at the end of a trigger: in close(2), or in rmdir(2) while it is open.
    (isThere ? test : test.skip)('ends on a thread of the pool, and its cgroup after it', async () => {
      const parent = createCage({ memory: '64M' });
      const cage = createCage({ memory: '16M' });
      const child = spawn('sleep', ['60'], { memory: '16M' });
      const group = Cgroup.create('by-hand', { parent: parent.cgroup.path, memory: '16M' });
      const { path } = group;
      const paths = [cage.cgroup.path, child.cage.cgroup.path, path];
      for (const each of [cage.cgroup, child.cage.cgroup, group]) {
        each.addTrigger({ pressure: 'some', thresholdMs: 150, windowMs: 2000 });
      }
      const single = parent.cgroup.addTrigger({ pressure: 'some', thresholdMs: 150, windowMs: 2000 });
      const triggers = (): string[] => openFds().filter((target) => target.endsWith('/memory.pressure'));

      const release = await occupyPool(join(directory, 'fifo'));
      single.close();
      child.kill();
      const ends = Promise.all([cage.close(), group.remove(), child.outcome]);
      await once(child, 'exit');
      await untilNextIteration();
      const stillThere = [triggers().length, paths.filter((each) => existsSync(each)).length];
      await release();
      await ends;
      expect(stillThere).toEqual([4, 3]);
      expect(paths.filter((each) => existsSync(each))).toEqual([]);
      await parent.close();
      expect(triggers()).toEqual([]);
    });

    (isThere ? test : test.skip)('keeps no program going whose removal of the cgroup has failed', async () => {
      const { code, stdout } = await startFixture('events/busy-removal.js').end;
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'ERR_MEMCAGE_BUSY\n' });
    });

    (isThere ? test : test.skip)('is told when tasks were stalled for longer than the threshold', async () => {
      const child = startPressed();
      const { cgroup } = child.cage;
      const events = recordEvents(child.cage.cgroup, ['pressure']);
      const fds = openFdCount();
      using _ = cgroup.addTrigger({ pressure: 'some', thresholdMs: 1, windowMs: 500 });
      cgroup.addTrigger({ pressure: 'full', thresholdMs: 10_000, windowMs: 10_000 });
      expect(openFdCount()).toBe(fds + 2);
      child.stdin.write('\n');
      await said(child, 'done');
      await until('pressure', () => countOf(events, 'pressure') > 0);
      expect(cgroup.pressure()?.some.total).toBeGreaterThanOrEqual(1000);
      expect(eventsOf<PressureEvent>(events)[0]?.trigger).toEqual({ pressure: 'some', thresholdMs: 1, windowMs: 500 });
      child.stdin.end('\n');
      await child.outcome;
    });

    (isThere ? test.skip : test)('needs CONFIG_PSI', () => {
      using group = Cgroup.of(process.pid);
      expect(thrown(() => group.addTrigger({ pressure: 'some', thresholdMs: 100 }))).toMatchObject({
        code: 'ERR_MEMCAGE_UNSUPPORTED',
        message: expect.stringContaining('CONFIG_PSI') as string,
      });
    });
  }

  test('of the other version is refused, with what there is here', () => {
    using group = Cgroup.of(process.pid);
    const fds = openFdCount();
    const others: Trigger[] =
      version === 1 ? [{ pressure: 'some', thresholdMs: 100 }] : [{ pressure: 'low' }, { threshold: '10M' }];
    for (const trigger of others) {
      expect(thrown(() => group.addTrigger(trigger))).toMatchObject({
        code: 'ERR_MEMCAGE_NOT_IN_VERSION',
        message: expect.stringMatching(version === 1 ? /medium/ : /full|'high'/) as string,
      });
    }
    expect(openFdCount()).toBe(fds);
  });

  testRows(
    'refuses wrong options',
    [
      null,
      'low',
      {},
      { pressure: 'lots' },
      { pressure: 'low', mode: 'all' },
      { pressure: 'some' },
      { pressure: 'some', thresholdMs: 0 },
      { pressure: 'some', thresholdMs: 1.5 },
      { pressure: 'some', thresholdMs: 2001 },
      { pressure: 'some', thresholdMs: 10, windowMs: 10_001 },
      { threshold: 'max' },
      { threshold: '10M', of: 'swap' },
    ],
    (trigger) => {
      using group = Cgroup.of(process.pid);
      expect(thrown(() => group.addTrigger(trigger as Trigger))).toMatchObject({
        code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
      });
    },
  );

  test('a trigger ends with the handle', async () => {
    const child = spawn('cat', { memory: '16M', stdio: 'pipe' });
    using group = Cgroup.open(child.cage.cgroup.path);
    const fds = openFdCount();
    const trigger: Trigger = version === 1 ? { threshold: '8M' } : { pressure: 'some', thresholdMs: 100 };
    if (version === 1 || existsSync('/proc/pressure/memory')) {
      const handle = group.addTrigger(trigger);
      expect(handle.trigger).toEqual(trigger);
      expect(openFdCount()).toBeGreaterThan(fds);
    }
    group.close();
    await until('its fds are closed', () => openFdCount() <= fds);
    expect(thrown(() => group.addTrigger(trigger))).toMatchObject({ code: 'ERR_MEMCAGE_CLOSED' });
    child.stdin.end();
    await once(child, 'exit');
  });
});
