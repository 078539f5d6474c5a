import { existsSync } from 'node:fs';
import { createCage, run, spawn } from 'memcage';
import { loadNative } from '../../../lib/common/addon/load-native';
import { said } from '../../support/cage-kinds';
import {
  cagesOf,
  members,
  mountPoint,
  OWN_CGROUP_IN_SHELL,
  openCages,
  version,
} from '../../support/cgroups/cgroup-tree';
import { expectNothingLeft } from '../../support/nothing-left';
import { mark } from '../../support/processes/mark';
import { endNow, isAlive, processesThatAre } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { thrown } from '../../support/thrown';
import { block, until } from '../../support/until';

/** A child in the background, one in its own session, and one that has been forked twice; then `last`. */
function leaving(sleep: string, last: string): [string, string[]] {
  const daemons = `sleep ${sleep} & setsid sleep ${sleep} & (setsid sh -c 'sleep ${sleep} & exit' &)`;
  return ['sh', ['-c', `${daemons}; echo started; ${last}`]];
}

async function started(sleep: string, count: number): Promise<number[]> {
  const sleeping = () => processesThatAre(`sleep ${sleep}`);
  await until(`${count} processes`, () => sleeping().length === count);
  return sleeping();
}

/** A process leaves its cgroup a moment before it is a zombie. */
async function allDead(pids: readonly number[]): Promise<void> {
  await until('all are dead', () => !pids.some(isAlive), 1000);
}

describeIf('cgroup', 'the life of a cage', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  describe('private', () => {
    test('what main leaves running is killed, and the cgroups removed, before the outcome', async () => {
      const sleep = mark();
      const child = spawn(...leaving(sleep, 'read -r _; exit 7'), { memory: '64M' });
      const closed = jest.fn();
      child.cage.on('close', closed);
      await said(child, 'started');
      const pids = await started(sleep, 3);
      await until('only they are left', () => members(child.cage.cgroup.path).length === 4);
      expect(members(child.cage.cgroup.path).sort()).toEqual([...pids, child.pid].sort());
      const paths = cagesOf(process.pid).filter((path) => members(path).includes(pids[0] ?? 0));
      // The cage root and the cage, in two hierarchies.
      expect(paths.filter((path) => !/memcage-\d+-[^/]*$/.test(path)).length).toBeGreaterThanOrEqual(1);

      child.stdin.end();
      const outcome = await child.outcome;
      expect(outcome).toMatchObject({ exitCode: 7, signal: null, oom: null });
      expect(outcome.error).toBeNull();
      await allDead(pids);
      const cages = paths.filter((path) => !/memcage-\d+-[^/]*$/.test(path));
      expect(cages.filter((path) => existsSync(path))).toEqual([]);
      expect(closed).toHaveBeenCalledTimes(1);
      expect(child.cage.closed).toBe(true);
    });

    test("without anything left running the cgroups are gone when 'exit' comes", async () => {
      const child = spawn('true', [], { memory: '64M', stdio: 'ignore' });
      const { path } = child.cage.cgroup;
      const gone = new Promise((resolve) => child.once('exit', () => resolve(!existsSync(path))));
      expect(await gone).toBe(true);
      await child.outcome;
    });

    test('keepDescendants: they live on, and the cage until the last has ended', async () => {
      const sleep = mark();
      const child = spawn(...leaving(sleep, 'exit 7'), { memory: '64M', keepDescendants: true, stdio: 'ignore' });
      const closed = new Promise<void>((resolve) => child.cage.on('close', resolve));
      const pids = await started(sleep, 3);
      expect(await child.outcome).toMatchObject({ exitCode: 7 });
      expect(pids.filter(isAlive)).toEqual(pids);
      await until('only they are left', () => members(child.cage.cgroup.path).length === 3);
      expect(members(child.cage.cgroup.path).sort()).toEqual(pids.sort());
      expect(child.cage.cgroup.limits().max).toBe(64 << 20);

      pids.slice(1).forEach(endNow);
      await until('one is left', () => members(child.cage.cgroup.path).length === 1);
      expect(child.cage.closed).toBe(false);
      pids.forEach(endNow);
      await closed;
      expect(existsSync(child.cage.cgroup.path)).toBe(false);
    });

    test('keepDescendants: close() ends them', async () => {
      const sleep = mark();
      const child = spawn(...leaving(sleep, 'exit 0'), { memory: '64M', keepDescendants: true, stdio: 'ignore' });
      const pids = await started(sleep, 3);
      await child.outcome;
      await child.cage.close();
      await allDead(pids);
      expect(existsSync(child.cage.cgroup.path)).toBe(false);
    });

    test('kill() ends main and all others', async () => {
      const sleep = mark();
      const child = spawn(...leaving(sleep, 'read -r _'), { memory: '64M' });
      const pids = await started(sleep, 3);
      await child.cage.kill();
      await allDead(pids);
      expect(await child.outcome).toMatchObject({ exitCode: null, signal: 'SIGKILL', oom: null });
      await child.cage.kill();
      await child.cage.close();
    });

    test('close() while main runs: the outcome is that of a kill', async () => {
      const child = spawn('sleep', [mark()], { memory: '64M', stdio: 'ignore' });
      await Promise.all([child.cage.close(), child.cage.close(), child.cage[Symbol.asyncDispose]()]);
      expect(await child.outcome).toMatchObject({ signal: 'SIGKILL', oom: null });
      await child.cage.close();
    });

    test.each(['kill', 'close'] as const)('%s() after an end that this thread has yet to hear of', async (how) => {
      const child = spawn('true', [], { memory: '64M', stdio: 'ignore' });
      const { path } = child.cage.cgroup;
      expect(block(() => !existsSync(path))).toBe(true);
      await child.cage[how]();
      expect(await child.outcome).toMatchObject({ exitCode: 0, signal: null, oom: null });
      expect((await child.outcome).error).toBeNull();
    });

    test('a stopped child, and one that ignores every signal, end all the same', async () => {
      const child = spawn('sh', ['-c', "trap '' TERM INT HUP; echo started; kill -STOP $$"], { memory: '64M' });
      await said(child, 'started');
      await child.cage.close();
      expect(await child.outcome).toMatchObject({ signal: 'SIGKILL' });
    });
  });

  describe('shared', () => {
    test('what main leaves running is killed, and its leaf removed; the others and the cage stay', async () => {
      const sleep = mark();
      const cage = createCage({ memory: '64M' });
      const other = cage.spawn('sleep', [mark()], { stdio: 'ignore' });
      const child = cage.spawn(...leaving(sleep, 'read -r _; exit 7'), {});
      const pids = await started(sleep, 3);
      await until('only they are left', () => cage.cgroup.pids().length === 5);
      expect(cage.cgroup.pids().sort()).toEqual([...pids, child.pid, other.pid].sort());
      const leaves = openCages().filter((path) => members(path).includes(pids[0] ?? 0));
      child.stdin.end();
      expect(await child.outcome).toMatchObject({ exitCode: 7, oom: null });
      await allDead(pids);
      // The one that also holds the other child is the cage itself.
      const still = leaves.filter((path) => existsSync(path));
      expect(still.every((path) => members(path).includes(other.pid ?? 0))).toBe(true);
      expect(still.length).toBeLessThan(leaves.length);
      expect(isAlive(other.pid ?? 0)).toBe(true);
      await cage.close();
      await other.outcome;
    });

    test('kill() ends all members and leaves the cage open', async () => {
      const cage = createCage({ memory: '64M' });
      const children = [1, 2, 3].map(() => cage.spawn('sleep', [mark()], { stdio: 'ignore' }));
      await cage.kill();
      for (const { outcome } of children) expect(await outcome).toMatchObject({ signal: 'SIGKILL', oom: null });
      expect(await cage.run('true')).toMatchObject({ exitCode: 0 });
      expect(cage.closed).toBe(false);
      await cage.close();
    });

    test('close() with members running', async () => {
      const cage = createCage({ memory: '64M' });
      const closed = jest.fn();
      cage.on('close', closed);
      const sleep = mark();
      const children = [1, 2, 3].map(() => cage.spawn(...leaving(sleep, 'read -r _'), {}));
      const pids = await started(sleep, 9);
      await Promise.all([cage.close(), cage.close()]);
      await allDead(pids);
      expect(closed).toHaveBeenCalledTimes(1);
      expect(existsSync(cage.cgroup.path)).toBe(false);
      for (const { outcome } of children) expect(await outcome).toMatchObject({ signal: 'SIGKILL' });
      await cage.close();
      await cage.kill();
      expect(closed).toHaveBeenCalledTimes(1);
    });

    test('await using closes it', async () => {
      let path = '';
      let outcome: Promise<unknown> | undefined;
      {
        await using cage = createCage({ memory: '64M' });
        path = cage.cgroup.path;
        ({ outcome } = cage.spawn('sleep', [mark()], { stdio: 'ignore' }));
        expect(existsSync(path)).toBe(true);
      }
      expect(existsSync(path)).toBe(false);
      expect(await outcome).toMatchObject({ signal: 'SIGKILL' });
    });

    test('nothing can be started, or read, once it is closed', async () => {
      const cage = createCage({ memory: '64M' });
      const closing = cage.close();
      const closed = expect.objectContaining({ code: 'ERR_MEMCAGE_CLOSED' });
      for (let round = 0; round < 2; round += 1) {
        expect(() => cage.spawn('true')).toThrow(closed);
        expect(() => spawn('true', [], { cage })).toThrow(closed);
        await expect(cage.run('true')).rejects.toEqual(closed);
        await closing;
      }
      expect(() => cage.cgroup.stat()).toThrow(closed);
      expect(() => cage.cgroup.limits()).toThrow(closed);
    });

    test('children that start and end at the same time as it closes', async () => {
      for (let round = 0; round < 4; round += 1) {
        const cage = createCage({ memory: '64M' });
        const children = Array.from({ length: 5 }, () => cage.spawn('true', [], { stdio: 'ignore' }));
        await cage.close();
        for (const { outcome } of children) {
          const { exitCode, signal, error } = await outcome;
          expect([0, 'SIGKILL']).toContain(exitCode ?? signal);
          expect(error).toBeNull();
        }
      }
    });
  });

  test('no fd is closed twice: another thread could have got it meanwhile', async () => {
    const native = loadNative();
    const closeFd = native.closeFd.bind(native);
    const wrong: number[] = [];
    const spy = jest.spyOn(native, 'closeFd').mockImplementation((options) => {
      if (!existsSync(`/proc/self/fd/${options.fd}`)) wrong.push(options.fd);
      closeFd(options);
    });
    try {
      for (const options of [{}, { detached: true }, { keepDescendants: true }] as const) {
        const child = spawn('sleep', [mark()], { memory: '64M', stdio: 'ignore', ...options });
        child.cage.cgroup.stat();
        endNow(child.pid ?? 0);
        await child.outcome;
        await child.cage.close();
      }
      const cage = createCage({ memory: '64M' });
      await cage.run('true');
      cage.cgroup.close();
      await cage.close();
      await expect(run('/no/such/program', { memory: '64M' })).rejects.toThrow('ENOENT');
    } finally {
      spy.mockRestore();
    }
    expect(wrong).toEqual([]);
  });

  describe('with cgroups that the child has made', () => {
    test.each([
      ['with a process in it', 'sleep 1000 & echo $! >"$own/a/b/cgroup.procs"'],
      ['without permissions', 'chmod 000 "$own/a/b" "$own/a"'],
      ...(version === 1
        ? []
        : [
            ['a threaded one', 'echo threaded >"$own/a/b/cgroup.type"'],
            [
              'a domain with controllers',
              'mkdir "$own/m"; echo $$ >"$own/m/cgroup.procs"; echo +memory >"$own/cgroup.subtree_control"',
            ],
          ]),
    ])('%s', async (_, command) => {
      const script = `${OWN_CGROUP_IN_SHELL}; mkdir -p "$own/a/b"; ${command}; echo done; read -r _`;
      const child = spawn('sh', ['-c', script], { memory: '64M' });
      await said(child, 'done');
      expect(existsSync(`${child.cage.cgroup.path}/a/b`)).toBe(true);
      child.stdin.end();
      expect((await child.outcome).error).toBeNull();
      expect(existsSync(child.cage.cgroup.path)).toBe(false);
    });

    test('a frozen one in the unified hierarchy', async () => {
      const script =
        `own=${mountPoint('unified')}$(sed -n "s/^0:://p" /proc/self/cgroup); mkdir "$own/a"; ` +
        'sleep 1000 & echo $! >"$own/a/cgroup.procs"; echo 1 >"$own/a/cgroup.freeze"; echo done; read -r _';
      const child = spawn('sh', ['-c', script], { memory: '64M' });
      await said(child, 'done');
      child.stdin.end();
      expect((await child.outcome).error).toBeNull();
      expect(existsSync(child.cage.cgroup.path)).toBe(false);
    });
  });
});

describeIf('cgroup', 'the private cage of a child', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('starts no other child', async () => {
    const child = spawn('cat', { memory: '20M' });
    const functions = ['spawn', 'fork', 'exec', 'execFile', 'run', 'contain'];
    expect(functions.filter((name) => name in child.cage)).toEqual([]);
    // @ts-expect-error It is not a shared cage.
    expect(thrown(() => spawn('true', { cage: child.cage }))).toMatchObject({
      code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
      message: expect.stringContaining('a cage of createCage()'),
    });
    child.stdin.end();
    expect(await child.outcome).toMatchObject({ exitCode: 0 });
  });

  test('is in the cage that it was made in, if any', async () => {
    await using cage = createCage({ memory: '50M' });
    const inner = cage.contain(() => createCage({ memory: '30M' }));
    const child = inner.spawn('true', { memory: '20M' });
    expect([cage.outer, inner.outer, child.cage.outer]).toEqual([null, cage, inner]);
    expect(inner.spawn('true').cage).toBe(inner);
    const alone = spawn('true', { memory: '20M' });
    expect(alone.cage.outer).toBeNull();
    await Promise.all([child.outcome, alone.outcome]);
  });
});
