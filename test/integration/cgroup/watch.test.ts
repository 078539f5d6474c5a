import { setMaxListeners } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCage, run, spawn } from 'memcage';
import { Cgroup, type Sample } from 'memcage/cgroup';
import { said } from '../../support/cage-kinds';
import { makeCgroup, mountPoint, version } from '../../support/cgroups/cgroup-tree';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { thrown } from '../../support/thrown';

const MIB = 1 << 20;

/** When told to, allocates 32 MiB of its own and 8 MiB in a file of tmpfs, and says so. */
const HOLDER = `
  const { writeFileSync, rmSync } = require('node:fs');
  const file = '/dev/shm/memcage-watch-' + process.pid;
  process.stdin.once('data', () => {
    globalThis.held = Buffer.alloc(32 << 20, 1);
    writeFileSync(file, Buffer.alloc(8 << 20));
    console.log('holds');
  }).on('end', () => rmSync(file));
  console.log('ready');
`;

async function take<T>(
  samples: AsyncIterable<T>,
  count: number,
  each: (sample: T) => unknown = () => {},
): Promise<T[]> {
  const taken: T[] = [];
  for await (const sample of samples) {
    taken.push(sample);
    if (taken.length === count) break;
    await each(sample);
  }
  return taken;
}

describeIf('cgroup', 'watching a cgroup', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('shows what its processes take, by kind', async () => {
    const child = spawn(process.execPath, ['-e', HOLDER], { memory: '256M' });
    await said(child, 'ready');
    const [before, after] = (await take(child.cage.cgroup.watch({ intervalMs: 10 }), 2, () => {
      child.stdin.write('x');
      return said(child, 'holds');
    })) as [Sample, Sample];
    const grown = (name: 'usageBytes' | 'workingSetBytes' | 'anonBytes' | 'fileBytes') =>
      (after[name] - before[name]) / MIB;
    expect(grown('anonBytes')).toBeGreaterThan(31);
    expect(grown('anonBytes')).toBeLessThan(60);
    expect(grown('fileBytes')).toBeGreaterThan(7);
    expect(grown('fileBytes')).toBeLessThan(16);
    expect(grown('usageBytes')).toBeGreaterThan(38);
    expect(grown('workingSetBytes')).toBeGreaterThan(38);
    expect(after.kernelBytes).toBeGreaterThan(0);
    expect(after.kernelBytes).toBeLessThan(after.usageBytes);
    expect(after.swapBytes).toBe(0);
    expect(after.pressure === null).toBe(version === 1);
    expect(Math.abs(after.timeMs - Date.now())).toBeLessThan(5000);
    child.stdin.end();
    expect(await child.outcome).toMatchObject({ exitCode: 0 });
  });

  test('counts what has happened since the sample before', async () => {
    await using cage = createCage({ memory: '24M' });
    const kill = () => cage.spawn('tail', ['/dev/zero'], { stdio: 'ignore' }).outcome;
    await kill();
    const samples = await take(cage.cgroup.watch({ intervalMs: 10, fields: ['events'] }), 3, kill);
    const counts = samples.map(({ events }) => events);
    expect(counts[0]).toMatchObject({ max: 0, oomKill: 0 });
    // v1 counts both in the child's leaf.
    if (version === 2) {
      expect(counts.slice(1)).toEqual([1, 2].map(() => expect.objectContaining({ oomKill: 1, oom: 1 }) as unknown));
      expect(counts[1]?.max).toBeGreaterThan(0);
    }
    expect(Object.keys(samples[0] ?? {}).sort()).toEqual(['events', 'missed', 'timeMs']);
  });

  describeIf('v1', 'on cgroup v1', () => {
    test('counts what happened in this very cgroup', async () => {
      // From 6.11 on, Linux counts none if the limit of memory and swap together is equal and is hit first.
      const memory = { max: '24M', swap: '32M' } as const;
      const child = spawn('sh', ['-c', 'read -r _; tail /dev/zero; read -r _'], { memory });
      const samples = await take(child.cage.cgroup.watch({ intervalMs: 10, fields: ['events'] }), 2, async () => {
        const killed = new Promise((resolve) => child.cage.once('oom', resolve));
        child.stdin.write('go\n');
        await killed;
      });
      expect(samples[1]?.events.oomKill).toBe(1);
      expect(samples[1]?.events.max).toBeGreaterThan(0);
      child.stdin.end('end\n');
      await child.outcome;
    });
  });

  test('keeps its beat, and leaves out what nobody asked for in time', async () => {
    await using cage = createCage({ memory: '64M' });
    const { cgroup } = cage;
    const start = performance.now();
    const times: number[] = [];
    const samples = await take(cgroup.watch({ intervalMs: 100, fields: ['usageBytes'] }), 5, async () => {
      times.push(performance.now());
      if (times.length === 2) await sleep(350);
    });
    times.push(performance.now());
    // The third was due while the loop slept, and so were those after it. The next comes at its own time.
    expect(samples[0]?.missed).toBe(0);
    let beat = -1;
    const beats = samples.map(({ missed }) => {
      beat += missed + 1;
      return beat;
    });
    expect(beats[2]).toBeGreaterThanOrEqual(5);
    // Never early. How late depends on the machine.
    for (const [index, time] of times.entries()) {
      expect(time - start).toBeGreaterThanOrEqual((beats[index] ?? 0) * 100 - 2);
    }
  });

  test('many at once have one timer', async () => {
    await using cage = createCage({ memory: '64M' });
    const { cgroup } = cage;
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const abort = new AbortController();
    setMaxListeners(0, abort.signal);
    const watching = Array.from({ length: 50 }, (_, index) =>
      take(cgroup.watch({ intervalMs: 50 + index, fields: ['usageBytes'], signal: abort.signal }), 1000).catch(
        (error: unknown) => error,
      ),
    );
    await sleep(patience(200));
    // Other timers of this process are the same before and after, since this takes no turn of the event loop.
    const during = timers();
    abort.abort(new Error('enough'));
    expect(during - timers()).toBe(1);
    const ends = await Promise.all(watching);
    for (const end of ends) expect(end).toMatchObject({ name: 'AbortError', cause: { message: 'enough' } });
  });

  (version === 2 ? test : test.skip)('what has no account of its memory can not be watched', async () => {
    const group = makeCgroup();
    try {
      mkdirSync(`${group.path}/without`);
      // The root has no count of its usage. A cgroup without the controller has nothing.
      for (const path of [mountPoint('memory'), `${group.path}/without`]) {
        using cgroup = Cgroup.open(path);
        if (existsSync(`${path}/memory.current`)) continue;
        await expect(take(cgroup.watch({ intervalMs: 10 }), 1)).rejects.toMatchObject({
          code: 'ERR_MEMCAGE_UNSUPPORTED',
          path: expect.stringMatching(/\/memory\.(current|events)$/) as string,
        });
      }
      using root = Cgroup.open(mountPoint('memory'));
      const [sample] = await take(root.watch({ intervalMs: 10, fields: ['anonBytes'] }), 1);
      expect(sample?.anonBytes).toBeGreaterThan(0);
    } finally {
      group.remove();
    }
  });

  test('ends with the cgroup, and with the handle', async () => {
    const group = makeCgroup();
    const cgroup = Cgroup.open(group.path);
    expect(await take(cgroup.watch({ intervalMs: 10 }), 1000, () => group.remove())).toHaveLength(1);
    cgroup.close();
    expect(thrown(() => cgroup.watch())).toMatchObject({ code: 'ERR_MEMCAGE_CLOSED' });

    await using cage = createCage({ memory: '64M' });
    const other = Cgroup.open(cage.cgroup.path);
    expect(await take(other.watch({ intervalMs: 10 }), 1000, () => other.close())).toHaveLength(1);
  });

  testRows(
    'refuses wrong options',
    [
      null,
      { intervalMs: 0 },
      { intervalMs: '10' },
      { intervalMs: () => 10 },
      { intervalMs: Number.NaN },
      { intervalMs: 2 ** 31 },
      { fields: 'usageBytes' },
      { fields: ['usage'] },
      { signal: 1 },
    ],
    (options) => {
      using cgroup = Cgroup.self();
      expect(thrown(() => cgroup.watch(options as object))).toMatchObject({ code: 'ERR_MEMCAGE_INVALID_ARGUMENT' });
    },
  );
});
