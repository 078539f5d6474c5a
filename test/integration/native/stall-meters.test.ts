import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { native, type StallMeterOptions } from 'memcage/native';
import {
  files,
  makeCgroup,
  members,
  readKey,
  readNumber,
  removeTree,
  version,
  write,
} from '../../support/cgroups/cgroup-tree';
import { metered } from '../../support/native/metered';
import { openFdCount } from '../../support/processes/fds';
import { isRunning } from '../../support/processes/is-running';
import { LIVELOCK_LIMIT, type Livelock, makeLivelock } from '../../support/processes/livelock';
import { isExiting, isPending, stateOf } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { thrown } from '../../support/thrown';
import { block, until } from '../../support/until';

const { ENODATA, ENOENT } = constants.errno;
const { SIGKILL } = constants.signals;
const LIMIT_MS = 1000;

/** A cgroup with a limit of memory, and the one of the unified hierarchy with the same processes. */
interface Place {
  memory: string;
  unified: string;
  memoryFd: number;
  unifiedFd: number;
}

let livelock: Livelock;
const { undo, children, reached, ours } = metered();

function make(limit = LIVELOCK_LIMIT): Place {
  const open = (path: string): number => {
    const fd = native.openDirectory({ path });
    undo.push(() => native.closeFd({ fd }));
    return fd;
  };
  const memory = makeCgroup(undefined, 'memory');
  undo.push(memory.remove);
  write(memory.path, files.limit, String(limit));
  if (version === 2) {
    const fd = open(memory.path);
    return { memory: memory.path, unified: memory.path, memoryFd: fd, unifiedFd: fd };
  }
  const unified = makeCgroup(undefined, 'unified');
  undo.push(unified.remove);
  return {
    memory: memory.path,
    unified: unified.path,
    memoryFd: open(memory.path),
    unifiedFd: open(unified.path),
  };
}

function options({ memoryFd, unifiedFd }: Place): StallMeterOptions {
  return {
    ...{ dirFd: memoryFd, path: '', timeDirFd: unifiedFd, timePath: '', timeFile: 'cpu.stat' },
    ...{ pressureDirFd: unifiedFd, pressurePath: '', kills: true, killDirFd: unifiedFd, killPath: '' },
    limitUs: LIMIT_MS * 1000,
  };
}

function meter(place: Place, changes: Partial<StallMeterOptions> = {}): number {
  const id = native.startStallMeter({ ...options(place), ...changes });
  ours.add(id);
  undo.push(() => native.stopMeter({ id }));
  return id;
}

function start({ memory, unified }: Place, command: readonly string[]): ChildProcess {
  const join = [...new Set([memory, unified])].map((path) => `echo 0 > ${path}/cgroup.procs`);
  const child = spawn('sh', ['-c', [...join, 'exec "$@"'].join('; '), 'sh', ...command], { stdio: 'ignore' });
  children.push(child);
  return child;
}

/** Whether it has got SIGKILL; of two or so that are just taking it, the kernel shows nothing. */
function isKilled(pid: number): boolean {
  return isExiting(pid) || isPending(pid, SIGKILL);
}

/** A directory with files that are not the kernel's. */
function fakes(contents: Record<string, string>): number {
  const directory = mkdtempSync(join(tmpdir(), 'memcage-stall-'));
  undo.push(() => rmSync(directory, { recursive: true }));
  for (const [name, text] of Object.entries(contents)) writeFileSync(join(directory, name), text);
  const fd = native.openDirectory({ path: directory });
  undo.push(() => native.closeFd({ fd }));
  return fd;
}

describeIf([version === 2 ? 'v2' : 'hybrid', 'refaults', 'root'], 'a meter of stalls', () => {
  beforeAll(() => {
    livelock = makeLivelock();
  });

  afterAll(() => {
    livelock.remove();
  });

  test('kills what gets nowhere, while JavaScript is blocked', async () => {
    const place = make();
    const id = meter(place);
    const child = start(place, livelock.command());
    const exit = once(child, 'exit');
    // Not reaped, while JavaScript is blocked.
    expect(block(() => stateOf(child.pid as number) === 'Z', 30_000)).toBe(true);
    expect(reached).toEqual([]);
    expect(await exit).toEqual([null, 'SIGKILL']);
    const event = await until('the event', () => reached[0]);
    expect(event).toMatchObject({ kind: 'reached', id, toldBy: 'pressure' });
    expect(event.valueUs).toBeGreaterThanOrEqual(LIMIT_MS * 1000);
    expect(native.readMeter({ id })).toMatchObject({ valueUs: 0, mostUs: event.valueUs, isReached: true });
  });

  test('kills several processes, and where there is no PSI', async () => {
    const place = make();
    meter(place, { pressureDirFd: fakes({}) });
    const child = start(place, livelock.command(3));
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    const event = await until('the event', () => reached[0]);
    expect(event.toldBy).toBe('refaults');
    await until('the end of all', () => members(place.memory).length === 0);
  });

  test('watches what comes after a kill', async () => {
    const place = make();
    meter(place);
    await once(start(place, livelock.command()), 'exit');
    await until('the event', () => reached.length === 1);
    await once(start(place, livelock.command()), 'exit');
    await until('the second event', () => reached.length === 2);
    expect(await once(start(place, ['true']), 'exit')).toEqual([0, null]);
  });

  test('only tells, once for each stall', async () => {
    const place = make();
    const id = meter(place, { kills: false });
    const child = start(place, livelock.command());
    await until('the event', () => reached.length > 0);
    const longer = (us: number): boolean => (native.readMeter({ id })?.valueUs ?? 0) > us;
    await until('a longer stall', () => longer(LIMIT_MS * 2000));
    const first = reached.length;
    write(place.memory, files.limit, String(4 * LIVELOCK_LIMIT));
    await until('the end of the stall', () => native.readMeter({ id })?.valueUs === 0);
    write(place.memory, files.limit, String(LIVELOCK_LIMIT));
    await until('another event', () => reached.length > first);
    // On a busy machine it may get on for a moment: then another stall begins.
    for (const [index, { timeNs, valueUs }] of reached.entries()) {
      const began = timeNs / 1000 - valueUs;
      expect(began).toBeGreaterThan((reached[index - 1]?.timeNs ?? 0) / 1000);
    }
    expect(isRunning(child)).toBe(true);
  });

  test('leaves alone what reads and writes files at its limit', async () => {
    const place = make(8 * 1024 * 1024);
    const id = meter(place);
    const [, file = ''] = livelock.command();
    const script = `for i in 1 2 3 4; do cat ${file} > /dev/null; dd if=${file} of=${file}.copy bs=64k count=400; done 2> /dev/null`;
    const exit = await once(start(place, ['sh', '-c', script]), 'exit');
    expect(native.readMeter({ id })).toMatchObject({ isReached: false });
    expect(exit).toEqual([0, null]);
  });

  test('does not count the time in which all of it is stopped', async () => {
    const place = make();
    const id = meter(place, { kills: false });
    const child = start(place, livelock.command());
    await until('a stall', () => (native.readMeter({ id })?.valueUs ?? 0) > 0);
    child.kill('SIGSTOP');
    await until('the end of the stall', () => native.readMeter({ id })?.valueUs === 0);
  });

  test('counts a stall when all of it is killed', async () => {
    const place = make(2 * LIVELOCK_LIMIT);
    // Where the kernel has no cgroup.kill for them, its processes are killed one by one.
    const id = meter(place, { killDirFd: place.memoryFd });
    const sleepers = Array.from({ length: 40 }, () => start(place, ['sleep', '1000']));
    await until('all of them', () => members(place.memory).length === sleepers.length);
    const child = start(place, livelock.command());
    expect(block(() => native.readMeter({ id })?.times === 1, 30_000, 0)).toBe(true);
    const spared = sleepers.filter(({ pid }) => !isKilled(pid as number));
    expect(spared.length).toBeLessThan(5);
    await until('the end of all', () => ![child, ...sleepers].some(isRunning));
  });

  test('forgets what the kernel refused once the cage gets on', async () => {
    const place = make();
    const directory = mkdtempSync(join(tmpdir(), 'memcage-stall-'));
    undo.push(() => rmSync(directory, { recursive: true }));
    symlinkSync('nowhere', join(directory, 'cgroup.kill'));
    const fd = native.openDirectory({ path: directory });
    undo.push(() => native.closeFd({ fd }));
    const id = meter(place, { killDirFd: fd });
    start(place, livelock.command());
    const event = await until('the event', () => reached[0]);
    const refused = { code: 'ELOOP', path: 'cgroup.kill' };
    expect(event).toMatchObject({ refused });
    expect(native.readMeter({ id })).toMatchObject({ refused });
    write(place.memory, files.limit, String(4 * LIVELOCK_LIMIT));
    await until('the end of the stall', () => native.readMeter({ id })?.valueUs === 0);
    expect(native.readMeter({ id })).not.toHaveProperty('refused');
  });

  test('kills nothing once it is stopped, and gives its fds back', () => {
    native.stopMeter({ id: meter(make()) });
    const before = openFdCount();
    const place = make();
    const made = openFdCount();
    const id = meter(place);
    expect(openFdCount()).toBeGreaterThan(made);
    native.stopMeter({ id });
    native.stopMeter({ id });
    expect(native.readMeter({ id })).toBeNull();
    expect(openFdCount()).toBe(made);
    expect(made).toBeGreaterThan(before);
  });

  test('refuses a kernel that tells nothing', () => {
    const place = make();
    const start = (changes: Partial<StallMeterOptions>): unknown =>
      thrown(() => native.startStallMeter({ ...options(place), ...changes }));
    const nothing = fakes({ 'memory.stat': 'pgfault 1\npgmajfault 1\n' });
    expect(start({ dirFd: nothing, pressureDirFd: nothing })).toMatchObject({
      ...{ code: 'ENODATA', errno: -ENODATA, path: 'memory.stat' },
    });
    expect(start({ path: 'gone' })).toMatchObject({ errno: -ENOENT, path: 'gone/memory.stat' });
    expect(start({ timePath: 'gone' })).toMatchObject({ errno: -ENOENT, path: 'gone/cpu.stat' });
    expect(start({ killPath: 'gone' })).toMatchObject({ errno: -ENOENT, path: 'gone' });
    expect(start({ timeFile: 'memory.max' as 'cpu.stat' })).toMatchObject({ code: 'ERR_MEMCAGE_INVALID_ARGUMENT' });
    const id = native.startStallMeter({ ...options(place), dirFd: nothing });
    native.stopMeter({ id });
  });
});

describeIf([version === 2 ? 'v2' : 'hybrid', 'psi-switch', 'root'], 'a meter of stalls whose PSI is turned off', () => {
  function turnOff({ unified }: Place): void {
    write(unified, 'cgroup.pressure', '0');
  }

  /** A process elsewhere that turns it off again and again. */
  function keepOff(place: Place): void {
    turnOff(place);
    const loop = `while :; do echo 0; done > ${place.unified}/cgroup.pressure`;
    children.push(spawn('sh', ['-c', loop], { stdio: 'ignore' }));
  }

  function lock(): void {
    livelock = makeLivelock();
    undo.push(() => livelock.remove());
  }

  test('turns it on again', async () => {
    lock();
    const place = make();
    const id = meter(place);
    turnOff(place);
    expect(await once(start(place, livelock.command()), 'exit')).toEqual([null, 'SIGKILL']);
    expect(await until('the event', () => reached[0])).toMatchObject({ toldBy: 'pressure' });
    expect(readNumber(place.unified, 'cgroup.pressure')).toBe(1);
    expect(native.readMeter({ id })).not.toHaveProperty('refused');
  });

  test('that somebody has turned off before it was made, turns it on', async () => {
    lock();
    const place = make();
    turnOff(place);
    meter(place);
    expect(readNumber(place.unified, 'cgroup.pressure')).toBe(1);
  });

  test('goes by refaults while somebody keeps it off', async () => {
    lock();
    const place = make();
    meter(place);
    keepOff(place);
    expect(await once(start(place, livelock.command()), 'exit')).toEqual([null, 'SIGKILL']);
    expect(await until('the event', () => reached[0])).toMatchObject({ toldBy: 'refaults' });
  });

  test('says so if nothing else can tell', async () => {
    const place = make();
    const id = meter(place, { dirFd: fakes({ 'memory.stat': 'pgfault 1\npgmajfault 1\n' }) });
    keepOff(place);
    start(place, ['sh', '-c', 'while :; do :; done']);
    const refused = await until('the refusal', () => native.readMeter({ id })?.refused);
    expect(refused).toMatchObject({ code: 'ENODATA', syscall: 'pread', path: 'memory.stat' });
  });
});

describeIf(['v1', 'hybrid', 'root'], 'a meter of stalls where the OOM killer is off', () => {
  const FILL = ['tail', '/dev/zero'];

  function withoutKiller(): Place {
    const place = make();
    // Else the swap of the whole machine would be filled first.
    const both = 'memory.memsw.limit_in_bytes';
    if (existsSync(join(place.memory, both))) write(place.memory, both, String(LIVELOCK_LIMIT));
    write(place.memory, 'memory.oom_control', '1');
    return place;
  }

  test('counts what waits for memory of its own, but not while it is frozen', async () => {
    const place = withoutKiller();
    const id = meter(place, { kills: false });
    const stalledUs = (): number => native.readMeter({ id })?.valueUs ?? 0;
    start(place, FILL);
    expect(await until('the event', () => reached[0])).toMatchObject({ toldBy: 'oomPaused' });
    write(place.unified, 'cgroup.freeze', '1');
    await until('the end of the stall', () => stalledUs() === 0);
    write(place.unified, 'cgroup.freeze', '0');
    await until('another event', () => reached.length === 2);
  });

  test('counts what waits although there is memory again, as the kernel wakes nobody for its own', async () => {
    const place = withoutKiller();
    // The kernel charges the one who makes a pipe larger, and gives back what another makes smaller.
    const SET_SIZE = 1031; // F_SETPIPE_SZ
    const make = `for (1 .. 128) { pipe my $r, my $w; fcntl $w, ${SET_SIZE}, 1 << 20; push @k, $r, $w } sleep 1000`;
    const { pid } = start(place, ['perl', '-e', make]);
    const inUse = (): number => readNumber(place.memory, 'memory.usage_in_bytes');
    await until('the pipes', () => inUse() > 2 << 20 && existsSync(`/proc/${pid}/fd/258`));
    start(place, FILL);
    await until('the wait', () => readKey(place.memory, 'memory.oom_control', 'under_oom') === 1);
    const shrink = `for (map { 2 * $_ + 2 } 1 .. 128) { open my $w, ">", "/proc/${pid}/fd/$_" or die; fcntl $w, ${SET_SIZE}, 4096 }`;
    execFileSync('perl', ['-e', shrink]);
    expect(inUse()).toBeLessThan(LIVELOCK_LIMIT - (1 << 20));
    meter(place, { kills: false });
    expect(await until('the event', () => reached[0])).toMatchObject({ toldBy: 'oomPaused' });
  });

  test('does not count that a cgroup around waits for memory', async () => {
    const outer = withoutKiller();
    const inner = join(outer.memory, 'inner');
    mkdirSync(inner);
    undo.push(() => removeTree(inner));
    const ids = [meter(outer, { kills: false }), meter(outer, { kills: false, path: 'inner' })];
    start({ ...outer, memory: inner }, ['sleep', '1000']);
    start(outer, FILL);
    await until('the event', () => reached.length > 0);
    expect(readKey(inner, 'memory.oom_control', 'under_oom')).toBe(1);
    expect(ids.map((id) => native.readMeter({ id })?.mostUs === 0)).toEqual([false, true]);
  });
});

describeIf(['v1', 'refaults', 'root'], 'a meter of stalls beside the v1 controller cpuacct', () => {
  test('can do without the unified hierarchy', async () => {
    livelock = makeLivelock();
    undo.push(() => livelock.remove());
    const [memory, counted, kill] = (['memory', 'cpuacct', 'freezer'] as const).map((controller) => {
      const { path, remove } = makeCgroup(undefined, controller);
      const fd = native.openDirectory({ path });
      undo.push(remove, () => native.closeFd({ fd }));
      return { path, fd };
    }) as [{ path: string; fd: number }, { path: string; fd: number }, { path: string; fd: number }];
    write(memory.path, files.limit, String(LIVELOCK_LIMIT));
    const place = { memory: memory.path, unified: counted.path, memoryFd: memory.fd, unifiedFd: counted.fd };
    meter(place, { timeFile: 'cpuacct.usage', killDirFd: kill.fd });
    const child = start(place, [
      'sh',
      '-c',
      `echo 0 > ${kill.path}/cgroup.procs; exec "$@"`,
      'sh',
      ...livelock.command(),
    ]);
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    expect(await until('the event', () => reached[0])).toMatchObject({ toldBy: 'refaults' });
  });
});
