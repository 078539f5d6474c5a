import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { native } from 'memcage/native';
import { type Controller, makeCgroup, mountPoint, write } from '../../support/cgroups/cgroup-tree';
import { fixtureResult } from '../../support/fixture';
import { isRunning } from '../../support/processes/is-running';
import { describeIf } from '../../support/require';
import { thrown } from '../../support/thrown';
import { until } from '../../support/until';

let cgroup: ReturnType<typeof makeCgroup>;
let dirFd: number;
let sleepers: ChildProcess[];

function begin(controller: Controller): void {
  cgroup = makeCgroup(undefined, controller);
  dirFd = native.openDirectory({ path: cgroup.path });
  sleepers = [];
}

async function end(): Promise<void> {
  for (const sleeper of sleepers.filter(isRunning)) {
    const exit = once(sleeper, 'exit');
    sleeper.kill('SIGKILL');
    await exit;
  }
  native.closeFd({ fd: dirFd });
  cgroup.remove();
}

function inhabit(path: string, count = 1): ChildProcess[] {
  mkdirSync(path, { recursive: true });
  const more = Array.from({ length: count }, () => {
    const sleeper = spawn('sleep', ['1000'], { stdio: 'ignore' });
    write(path, 'cgroup.procs', String(sleeper.pid));
    return sleeper;
  });
  sleepers.push(...more);
  return more;
}

async function expectKilled(children: ChildProcess[]): Promise<void> {
  await until('the end of all', () => !children.some(isRunning));
  expect(new Set(children.map(({ signalCode }) => signalCode))).toEqual(new Set(['SIGKILL']));
}

/** v1's memory hierarchy has neither a file for it nor a freezer, so all processes are stopped, then killed. */
describeIf(['hybrid', 'root'], 'killAll, where there is only kill(2)', () => {
  beforeEach(() => begin('memory'));
  afterEach(end);

  test('ends what is in a cgroup and below, but for those to spare', async () => {
    const [spared] = inhabit(cgroup.path);
    const others = ['', 'a', 'a/b', 'a/b/c', 'a/d', 'e'].flatMap((name) => inhabit(join(cgroup.path, name)));
    native.killAll({ dirFd, path: '', spare: [Number(spared?.pid), -1, 0] });
    await expectKilled(others);
    expect(sleepers.filter(isRunning)).toEqual([spared]);
  });

  test.each(['cgroup.kill', 'cgroup.freeze', 'freezer.state'])(
    'a cgroup below that is called %s saves nobody',
    async (name) => {
      const all = [cgroup.path, join(cgroup.path, name)].flatMap((path) => inhabit(path));
      native.killAll({ dirFd, path: '', spare: [] });
      await expectKilled(all);
    },
  );

  test('few free fds do for many processes', async () => {
    const all = ['', 'a', 'a/b'].flatMap((name) => inhabit(join(cgroup.path, name), 20));
    const many = await fixtureResult('native/kill-all.js', { path: cgroup.path, room: 100 });
    expect(many).toEqual({ left: expect.any(Number) as number });
    await expectKilled(all);
    const again = ['', 'a', 'a/b'].flatMap((name) => inhabit(join(cgroup.path, name), 20));
    expect(await fixtureResult('native/kill-all.js', { path: cgroup.path, room: 9 })).toEqual(many);
    await expectKilled(again);
  });

  test('a cgroup that is gone is ENOENT', () => {
    mkdirSync(join(cgroup.path, 'gone'));
    const gone = native.openBeneath({ dirFd, path: 'gone', access: 'path' });
    native.removeDirectory({ dirFd, path: 'gone' });
    expect(thrown(() => native.killAll({ dirFd, path: 'gone', spare: [] }))).toMatchObject({ code: 'ENOENT' });
    expect(thrown(() => native.killAll({ dirFd: gone, path: '', spare: [] }))).toMatchObject({ code: 'ENOENT' });
    native.closeFd({ fd: gone });
  });
});

/** Whoever was root can't write its files, but still signal what root has started. */
describeIf('root', 'killAll, where the files are refused', () => {
  afterEach(end);

  const hierarchies = (['unified', 'freezer'] as const).filter((name) => mountPoint(name) !== '');
  test.each(hierarchies)('ends what is in a cgroup and below (%s)', async (name) => {
    begin(name);
    const all = ['', 'a', 'a/b'].flatMap((below) => inhabit(join(cgroup.path, below), 2));
    await fixtureResult('native/kill-all.js', { path: cgroup.path, room: 100, euid: 65_534 });
    await expectKilled(all);
  });
});

describeIf(['cgroup', 'root'], 'killAll of a cgroup of v2', () => {
  beforeEach(() => begin('unified'));
  afterEach(end);

  test('ends what is in it and below', async () => {
    const all = ['a', 'a/b', 'c'].flatMap((name) => inhabit(join(cgroup.path, name)));
    native.killAll({ dirFd, path: '', spare: [] });
    await expectKilled(all);
  });

  test('that is threaded, and so has no cgroup.kill: the processes of its threads', async () => {
    const path = join(cgroup.path, 'threaded');
    mkdirSync(path);
    write(path, 'cgroup.type', 'threaded');
    const [stays, ...moves] = inhabit(cgroup.path, 3);
    for (const { pid } of moves) write(path, 'cgroup.threads', String(pid));
    native.killAll({ dirFd, path: 'threaded', spare: [] });
    await expectKilled(moves);
    expect(sleepers.filter(isRunning)).toEqual([stays]);
  });
});
