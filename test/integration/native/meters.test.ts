import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { native } from 'memcage/native';
import { type Controller, makeCgroup, members, write } from '../../support/cgroups/cgroup-tree';
import { fixtureResult } from '../../support/fixture';
import { kernelHas } from '../../support/kernel-version';
import { metered } from '../../support/native/metered';
import { patience } from '../../support/patience';
import { openFdCount } from '../../support/processes/fds';
import { isRunning } from '../../support/processes/is-running';
import { stateOf } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { thrown } from '../../support/thrown';
import { block, until } from '../../support/until';

const { ENOENT, ENODATA } = constants.errno;

const BUSY_LOOP = 'while :; do :; done';
const HOUR_US = 3600e6;

interface Place {
  path: string;
  dirFd: number;
}

const { undo, children, reached, ours } = metered();

function make(controller: Controller): Place {
  const { path, remove } = makeCgroup(undefined, controller);
  const dirFd = native.openDirectory({ path });
  undo.push(remove, () => native.closeFd({ fd: dirFd }));
  return { path, dirFd };
}

function meter(
  { dirFd }: Place,
  limitUs: number,
  kill = dirFd,
  file: 'cpu.stat' | 'cpuacct.usage' = 'cpu.stat',
): number {
  const id = native.startMeter({ dirFd, path: '', file, killDirFd: kill, killPath: '', limitUs });
  ours.add(id);
  undo.push(() => native.stopMeter({ id }));
  return id;
}

function start(script: string, ...places: string[]): ChildProcess {
  const join = places.map((path) => `echo $$ > ${path}/cgroup.procs`);
  const child = spawn('sh', ['-c', [...join, script].join('; ')], { stdio: 'ignore' });
  children.push(child);
  return child;
}

describeIf(['unified', 'root'], 'a meter', () => {
  test('kills at its limit, while JavaScript is blocked', async () => {
    const place = make('unified');
    const id = meter(place, 100_000);
    const child = start(BUSY_LOOP, place.path);
    const exit = once(child, 'exit');
    // Not reaped, while JavaScript is blocked.
    expect(block(() => stateOf(child.pid as number) === 'Z')).toBe(true);
    expect(reached).toEqual([]);
    expect(await exit).toEqual([null, 'SIGKILL']);
    const event = await until('the event', () => reached.find((each) => each.id === id));
    expect(event).toEqual({
      kind: 'reached',
      id,
      valueUs: expect.any(Number) as number,
      timeNs: expect.any(Number) as number,
    });
    expect(event.valueUs).toBeGreaterThanOrEqual(100_000);
    const reading = native.readMeter({ id });
    expect(reading?.isReached).toBe(true);
    expect(reading?.valueUs).toBeGreaterThanOrEqual(event.valueUs);
  });

  test('counts all below, the dead and the removed ones too', async () => {
    const place = make('unified');
    const below = join(place.path, 'below');
    mkdirSync(below);
    const id = meter(place, HOUR_US);
    await once(start('i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done', below), 'exit');
    const used = native.readMeter({ id })?.valueUs ?? 0;
    expect(used).toBeGreaterThan(10_000);
    rmdirSync(below);
    expect(native.readMeter({ id })?.valueUs).toBeGreaterThanOrEqual(used);
  });

  test('kills what comes in later, and says so once', async () => {
    const place = make('unified');
    meter(place, 1000);
    await once(start(BUSY_LOOP, place.path), 'exit');
    await until('the event', () => reached.length > 0);
    await once(start('exec sleep 1000', place.path), 'exit');
    expect(reached).toHaveLength(1);
  });

  test('ends chains of processes that each live for a moment', async () => {
    const place = make('unified');
    const id = meter(place, 100_000);
    start('while :; do /bin/true; done', place.path);
    await until('the end', () => native.readMeter({ id })?.isReached === true && members(place.path).length === 0);
  });

  test('kills nothing once it is stopped', async () => {
    const place = make('unified');
    const id = meter(place, 50_000);
    native.stopMeter({ id });
    expect(native.readMeter({ id })).toBeNull();
    native.stopMeter({ id });
    const child = start('i=0; while [ $i -lt 500000 ]; do i=$((i+1)); done', place.path);
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(reached).toEqual([]);
  });

  test('many share one thread, and the limit of each is its own', async () => {
    const places = Array.from({ length: 20 }, () => make('unified'));
    const ids = places.map((place, index) => meter(place, index === 7 ? 50_000 : HOUR_US));
    const sleepers = places.map(({ path }) => start(path === places[7]?.path ? BUSY_LOOP : 'exec sleep 1000', path));
    await once(sleepers[7] as ChildProcess, 'exit');
    await until('the event', () => reached.length > 0);
    await sleep(patience(50));
    expect(reached.map(({ id }) => id)).toEqual([ids[7]]);
    expect(sleepers.filter(isRunning)).toHaveLength(19);
  });

  test('outlives its cgroup, and gives its fds back', () => {
    const before = openFdCount();
    const { path, remove } = makeCgroup(undefined, 'unified');
    const dirFd = native.openDirectory({ path });
    const id = meter({ path, dirFd }, HOUR_US);
    remove();
    expect(native.readMeter({ id })).toEqual({ valueUs: 0, mostUs: 0, times: 0, kills: 0, isReached: false });
    native.stopMeter({ id });
    native.closeFd({ fd: dirFd });
    // The first meter takes some for good.
    expect(openFdCount() - before).toBeLessThanOrEqual(6);
    const again = openFdCount();
    const place = make('unified');
    native.stopMeter({ id: meter(place, HOUR_US) });
    expect(openFdCount()).toBe(again + 1);
  });

  test('kills when no fd is left', async () => {
    const { path } = make('unified');
    const child = start(BUSY_LOOP, path);
    await until('the child in it', () => members(path).length > 0);
    const result = await fixtureResult('native/meter-without-fds.js', {
      path,
      limitUs: 300_000,
      patienceMs: patience(15_000),
    });
    expect(result).toEqual({ isEmpty: true });
    await until('the end', () => !isRunning(child));
  });

  test('tells that the kernel refuses the kill, and tries again after growing pauses', async () => {
    const { path } = make('unified');
    // Another user's, whom only root may signal.
    const child = spawn('sh', ['-c', BUSY_LOOP], { stdio: 'ignore', uid: 1 });
    children.push(child);
    write(path, 'cgroup.procs', String(child.pid));
    const options = { path, limitUs: 50_000, patienceMs: patience(15_000) };
    const result = await fixtureResult<{ looks: number }>('native/meter-refused.js', options);
    const file = kernelHas(5, 14) ? 'cgroup.kill' : 'cgroup.freeze';
    const refused = { code: 'EACCES', syscall: 'openat', path: file };
    expect(result).toMatchObject({ event: refused, reading: refused, isEmpty: true, events: 1 });
    expect(result).not.toHaveProperty('refused');
    expect(result.looks).toBeLessThan(50);
    await until('the end', () => !isRunning(child));
  });

  test('looks as often as the processors that are online demand, however many there were at first', async () => {
    const place = make('unified');
    const directory = mkdtempSync(join(tmpdir(), 'memcage-meter-'));
    undo.push(() => rmSync(directory, { recursive: true }));
    const online = join(directory, 'online');
    writeFileSync(online, '0\n');
    const looks = await fixtureResult<{ few: number; many: number }>(
      {
        name: 'native/meter-processors.js',
        within: ['unshare', '-m', 'sh', '-c', 'mount --bind "$0" /sys/devices/system/cpu/online && exec "$@"', online],
      },
      { path: place.path, online, limitUs: 400_000, wanted: 30 },
    );
    expect(looks.few).toBeLessThan(10);
    expect(looks.many).toBeGreaterThanOrEqual(30);
  });

  test('refuses what it can not read', () => {
    const { dirFd } = make('unified');
    const start = (options: object): unknown =>
      thrown(() =>
        native.startMeter({
          dirFd,
          path: '',
          file: 'cpu.stat',
          killDirFd: dirFd,
          killPath: '',
          limitUs: 1,
          ...options,
        }),
      );
    expect(start({ path: 'gone' })).toMatchObject({ errno: -ENOENT, path: 'gone/cpu.stat' });
    expect(start({ killPath: 'gone' })).toMatchObject({ errno: -ENOENT, path: 'gone' });
    expect(start({ file: 'memory.max' })).toMatchObject({ code: 'ERR_MEMCAGE_INVALID_ARGUMENT' });
    for (const limitUs of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(start({ limitUs })).toMatchObject({ code: 'ERR_MEMCAGE_INVALID_ARGUMENT' });
    }
    const directory = mkdtempSync(join(tmpdir(), 'memcage-meter-'));
    undo.push(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, 'cpu.stat'), 'nr_periods 1\n');
    const other = native.openDirectory({ path: directory });
    undo.push(() => native.closeFd({ fd: other }));
    expect(start({ dirFd: other })).toMatchObject({ errno: -ENODATA, path: 'cpu.stat' });
  });
});

describeIf(['v1', 'root'], 'a meter of the v1 controller cpuacct', () => {
  test.each(['freezer', 'memory'] as const)('kills in a cgroup of the hierarchy of %s', async (controller) => {
    const counted = make('cpuacct');
    const kill = make(controller);
    const id = meter(counted, 100_000, kill.dirFd, 'cpuacct.usage');
    const child = start(`(${BUSY_LOOP}) & ${BUSY_LOOP}`, counted.path, kill.path);
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    await until('the end of all', () => members(counted.path).length === 0);
    expect(native.readMeter({ id })).toMatchObject({ isReached: true });
  });
});
