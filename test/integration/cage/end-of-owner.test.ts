import { spawn as nodeSpawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createCage, run, spawn } from 'memcage';
import { fixture } from '../../support/cage-kinds';
import { cagesOf, makeCgroup, members } from '../../support/cgroups/cgroup-tree';
import { delegate } from '../../support/cgroups/delegate';
import { drawn } from '../../support/drawn';
import { expectNothingLeft } from '../../support/nothing-left';
import {
  firstLine,
  type How,
  makeGuardPlace,
  type Owner,
  type Running,
  startOwner,
  WITHOUT_GUARDIAN,
} from '../../support/processes/owner-fixture';
import { endNow, isAlive } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { until } from '../../support/until';

const NOBODY = { uid: 65534, gid: 65534 };

/** The cages of a process in all hierarchies, except those of detached children. */
function attachedCages(pid: number): string[] {
  return cagesOf(pid).filter((path) => !path.includes('memcage-detached-'));
}

function isEmptyOrGone(path: string): boolean {
  try {
    return members(path).length === 0;
  } catch (error) {
    if (!['ENOENT', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return true;
  }
}

function sleeping(pids: readonly number[]): number[] {
  return pids.filter(isAlive);
}

describeIf(['cgroup', 'root'], 'the end of the process that owns cages', () => {
  let parent: ReturnType<typeof makeCgroup>;
  let place: ReturnType<typeof makeGuardPlace>;
  let running: Running[] = [];

  beforeEach(() => {
    parent = makeCgroup();
    place = makeGuardPlace();
  });
  afterEach(async () => {
    for (const { process: child, owner, end } of running) {
      child.kill('SIGKILL');
      await end;
      [...owner.members, ...owner.detached.members].forEach(endNow);
      // The next memcage removes what is empty. The guardian may do so now.
      await until('no member left', () => cagesOf(owner.pid).every(isEmptyOrGone));
    }
    const isLeft = running.some(({ owner }) => cagesOf(owner.pid).length > 0);
    running = [];
    if (isLeft) await sweep();
    const below = () => readdirSync(parent.path).filter((name) => name.startsWith('memcage-'));
    // The cage root of this process stays.
    await until('nothing below the parent', () => below().every((name) => name.includes(`-${process.pid}-`)));
    await place.remove();
    parent.remove();
  });

  // Called last, so that its hooks run after those above.
  expectNothingLeft(() => run('true', { memory: '8M' }), { parents: true });

  /** Starts a memcage process that has something to do in the parent, and lets it end. */
  async function sweep(as: readonly string[] = []): Promise<void> {
    const [file = '', ...args] = [...place.as, ...as, process.execPath, fixture('sweeper.js'), parent.path];
    const child = nodeSpawn(file, args, { stdio: 'ignore' });
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
  }

  async function start(how: string, { as = [], env }: How = {}): Promise<Running> {
    const started = await startOwner(how, parent.path, { as: [...place.as, ...as], ...(env && { env }) });
    running.push(started);
    return started;
  }

  testRows(
    'all is killed and removed, but for the detached',
    drawn(
      [
        ['process.exit()', 'exit', 0],
        ['an uncaught exception', 'throw', 1],
        ['an unhandled rejection', 'reject', 1],
        ['nothing left to do: an open cage keeps no process alive', 'end', 0],
      ] as [string, string, number][],
      2,
    ),
    async ([, how, code]) => {
      const { owner, end } = await start(how);
      expect(await end).toBe(code);
      // A process leaves its cgroup, which is then removed, a moment before it is a zombie.
      await until('all members are dead', () => sleeping(owner.members).length === 0, 1000);
      expect(attachedCages(owner.pid)).toEqual([]);
      expect(sleeping(owner.detached.members)).toEqual(owner.detached.members);
      expect(members(owner.detached.cgroup).sort()).toEqual(owner.detached.members.sort());
    },
  );

  testRows(
    'the same of a worker thread, while the process goes on',
    drawn(
      [
        ['the end of a worker thread', 'worker-end'],
        ['process.exit() in a worker thread', 'worker-exit'],
        ['an uncaught exception in a worker thread', 'worker-throw'],
      ] as [string, string][],
      1,
    ),
    async ([, how]) => {
      const { owner } = await start(how);
      await until('all members are dead', () => sleeping(owner.members).length === 0);
      await until('the cages are gone', () => attachedCages(owner.pid).length === 0);
      expect(sleeping(owner.detached.members)).toEqual(owner.detached.members);
    },
  );

  test('worker.terminate(), after which no code can run: all is ended, while the process goes on', async () => {
    const { owner } = await start('worker-terminate');
    await until('all members are dead', () => sleeping(owner.members).length === 0, 1000);
    await until('the cages are gone', () => attachedCages(owner.pid).length === 0, 1000);
    expect(isAlive(owner.pid)).toBe(true);
    expect(sleeping(owner.detached.members)).toEqual(owner.detached.members);
  });

  test('the same without a guardian: its children die, the rest with the process', async () => {
    const { process: child, owner, end } = await start('worker-terminate', WITHOUT_GUARDIAN);
    await until('its children are dead', () => sleeping(owner.main).length === 0);
    expect(sleeping(owner.detached.members)).toEqual(owner.detached.members);
    child.stdin?.end();
    child.kill('SIGTERM');
    await end;
    await sweep();
    await until('the rest is dead', () => sleeping(owner.members).length === 0);
    await until('the cages are gone', () => attachedCages(owner.pid).length === 0);
  });

  test('SIGKILL: all of its cages end; the detached live, until the next memcage finds them empty', async () => {
    const { process: child, owner, end } = await start('wait');
    child.kill('SIGKILL');
    await end;
    await until('all members are dead', () => sleeping(owner.members).length === 0, 1000);
    await until('its cages are gone', () => attachedCages(owner.pid).length === 0, 1000);
    expect(sleeping(owner.detached.members)).toEqual(owner.detached.members);
    expect(existsSync(owner.detached.cgroup)).toBe(true);
    owner.detached.members.forEach(endNow);
    await until('none is left', () => isEmptyOrGone(owner.detached.cgroup));
    await sweep();
    await until('both its cgroups are gone', () => cagesOf(owner.pid).length === 0);
  });

  test('SIGKILL without a guardian: its children die with it, what they had started with the next memcage', async () => {
    const { process: child, owner, end } = await start('wait', WITHOUT_GUARDIAN);
    const descendants = owner.members.filter((pid) => !owner.main.includes(pid));
    child.kill('SIGKILL');
    await end;
    await until('its children are dead', () => sleeping(owner.main).length === 0);
    // The descendants of the fifth child were in its PID namespace, and ended with it.
    expect(sleeping(descendants)).toHaveLength(8);
    expect(attachedCages(owner.pid)).not.toEqual([]);

    await sweep();
    await until('the rest is dead', () => sleeping(descendants).length === 0);
    await until('its cages are gone', () => attachedCages(owner.pid).length === 0);
    expect(sleeping(owner.detached.members)).toEqual(owner.detached.members);
    expect(existsSync(owner.detached.cgroup)).toBe(true);

    owner.detached.members.slice(1).forEach(endNow);
    await until('one is left', () => members(owner.detached.cgroup).length === 1);
    await sweep();
    expect(existsSync(owner.detached.cgroup)).toBe(true);
    owner.detached.members.forEach(endNow);
    await until('none is left', () => members(owner.detached.cgroup).length === 0);
    await sweep();
    await until('both its cgroups are gone', () => cagesOf(owner.pid).length === 0);
  });

  test('a living owner is left alone', async () => {
    const { owner } = await start('wait');
    await sweep();
    await run('true', { memory: '8M', parent: parent.path });
    expect(sleeping(owner.members)).toEqual(owner.members);
    expect(sleeping(owner.detached.members)).toEqual(owner.detached.members);
    for (const path of owner.cgroups) expect(existsSync(path)).toBe(true);
  });

  test('a living owner in another PID namespace is left alone, whoever has its pid here', async () => {
    const child = spawn(process.execPath, [fixture('owner.js'), 'wait', parent.path], {
      memory: '1G',
      namespaces: { pid: true, mount: true },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const owner = JSON.parse(await firstLine(child)) as Owner;
    expect(owner.pid).toBe(1);
    const before = owner.cgroups.map((path) => members(path));
    expect(before.flat().length).toBeGreaterThan(0);
    await sweep();
    expect(owner.cgroups.map((path) => members(path))).toEqual(before);

    child.kill('SIGKILL');
    await child.outcome;
    await sweep();
    await until('its cages are gone', () => owner.cgroups.every((path) => !existsSync(path)));
  });

  test('a living owner of another user is left alone', async () => {
    const { process: child, owner, end } = await start('wait', { as: delegate(parent.path, NOBODY) });
    await sweep();
    expect(sleeping(owner.members)).toEqual(owner.members);
    for (const path of owner.cgroups) expect(existsSync(path)).toBe(true);
    child.kill('SIGKILL');
    await end;
    await sweep();
    await until('all is dead', () => sleeping(owner.members).length === 0);
    await until('its cages are gone', () => attachedCages(owner.pid).length === 0);
  });

  test("another user's dead owner, which may not be swept, does no harm", async () => {
    const { process: child, owner, end } = await start('wait', WITHOUT_GUARDIAN);
    child.kill('SIGKILL');
    await end;
    await sweep(delegate(parent.path, NOBODY));
    expect(attachedCages(owner.pid)).not.toEqual([]);
  });

  test('a detached child outlives its cage handle, and closes it when it ends first', async () => {
    const child = spawn('sleep', ['1000'], { memory: '8M', detached: true, stdio: 'ignore', parent: parent.path });
    const { path } = child.cage.cgroup;
    expect(path).toContain('memcage-detached-');
    await createCage({ memory: '8M', parent: parent.path }).close();
    expect(isAlive(child.pid ?? 0)).toBe(true);
    endNow(child.pid ?? 0);
    expect(await child.outcome).toMatchObject({ signal: 'SIGKILL', oom: null });
    expect(existsSync(path)).toBe(false);
    expect(cagesOf(process.pid).filter((cage) => cage.includes('detached'))).toEqual([]);
  });
});
