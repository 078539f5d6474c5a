import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn as nodeSpawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Cage, type Caged, createCage, MemcageError, run, spawn } from 'memcage';
import { fixture, said } from '../../support/cage-kinds';
import { cagesOf, mountPoint, removeTree, version, write } from '../../support/cgroups/cgroup-tree';
import { starts } from '../../support/children/starts';
import { expectNothingLeft } from '../../support/nothing-left';
import { describeIf } from '../../support/require';

/** Fewer might all come at the same moment of what is done to them. */
const STARTS = Math.max(20, starts(80));

const UNEXPLAINED = 'ERR_MEMCAGE_SPAWN';

/** The result of a start: how the child ended, or the code of what was thrown. */
async function attempt(start: () => ChildProcess & Caged): Promise<string> {
  try {
    const child = start();
    let failure: Error | undefined;
    child.on('error', (error: Error) => {
      failure = error;
    });
    const { exitCode, signal, error: ended } = await child.outcome;
    const error = ended ?? failure;
    return error === undefined ? String(exitCode ?? signal) : describeError(error);
  } catch (error) {
    return describeError(error as Error);
  }
}

function describeError(error: NodeJS.ErrnoException): string {
  const { code = '' } = error;
  return code === '' || code === UNEXPLAINED ? String(error) : code;
}

function tally(ends: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const end of ends) counts[end] = (counts[end] ?? 0) + 1;
  return counts;
}

describeIf([version === 2 ? 'cgroup' : 'hybrid', 'root'], 'others tamper with cages', () => {
  let tampering: ChildProcessWithoutNullStreams | undefined;

  async function tamper(...args: string[]): Promise<void> {
    tampering = nodeSpawn('sh', [fixture('tamper.sh'), ...args]);
    await said(tampering, 'done');
  }

  async function leaveAlone(): Promise<void> {
    if (tampering === undefined) return;
    const exit = once(tampering, 'exit');
    tampering.kill('SIGKILL');
    await exit;
    tampering = undefined;
  }

  afterEach(leaveAlone);
  expectNothingLeft(
    async () => {
      await run('true', { memory: '64M' });
      await run('true', { memory: '64M' });
    },
    { parents: true },
  );

  async function worksAgain(): Promise<void> {
    for (let start = 0; start < 3; start += 1) {
      expect(await run('true', { memory: '64M' })).toMatchObject({ exitCode: 0, oom: null });
    }
    const cage = createCage({ memory: '64M' });
    expect(await cage.run('true')).toMatchObject({ exitCode: 0, oom: null });
    await cage.close();
  }

  /** The cage root of this process. */
  function owned(hierarchy: 'memory' | 'unified'): string {
    const inHierarchy = `${mountPoint(hierarchy)}/`;
    return cagesOf(process.pid).find((path) => path.startsWith(inHierarchy) && /-[0-9a-f]+$/.test(path)) ?? '';
  }

  /** The cage's directory in the unified hierarchy: on v2, that of the cage itself. */
  function guardOf(cage: Cage): string {
    return `${owned('unified')}/${cage.cgroup.path.split('/').at(-1)}`;
  }

  test('a frozen shared cage is refused, and works again once it is thawed', async () => {
    const cage = createCage({ memory: '64M' });
    const member = cage.spawn('sleep', ['1000'], { stdio: 'ignore' });
    write(guardOf(cage), 'cgroup.freeze', '1');
    const frozen = expect.objectContaining({ code: 'ERR_MEMCAGE_FROZEN', path: cage.cgroup.path }) as Error;
    for (let start = 0; start < 3; start += 1) {
      expect(() => cage.spawn('true')).toThrow(frozen);
      await expect(cage.run('true')).rejects.toEqual(frozen);
    }
    write(guardOf(cage), 'cgroup.freeze', '0');
    expect(await cage.run('true')).toMatchObject({ exitCode: 0 });
    write(guardOf(cage), 'cgroup.freeze', '1');
    await cage.close();
    expect(await member.outcome).toMatchObject({ signal: 'SIGKILL' });
  });

  test('a private cage that is frozen while its child runs ends by kill()', async () => {
    const child = spawn('sleep', ['1000'], { memory: '64M', stdio: 'ignore' });
    write(guardOf(child.cage), 'cgroup.freeze', '1');
    await child.cage.kill();
    expect(await child.outcome).toMatchObject({ signal: 'SIGKILL', oom: null });
  });

  test('frozen and thawed all the time, also during a start', async () => {
    await tamper(owned('unified'), 'cgroup.freeze', '1', '0');
    const cage = createCage({ memory: '64M' });
    const ends: string[] = [];
    for (let start = 0; start < STARTS; start += 1) {
      ends.push(await attempt(() => cage.spawn('true', [], { stdio: 'ignore' })));
      ends.push(await attempt(() => spawn('true', [], { memory: '64M', stdio: 'ignore' })));
    }
    await leaveAlone();
    write(owned('unified'), 'cgroup.freeze', '0');
    await cage.close();
    const { '0': well = 0, ERR_MEMCAGE_FROZEN: refused = 0, ...others } = tally(ends);
    expect(others).toEqual({});
    expect(well + refused).toBe(2 * STARTS);
    expect(well).toBeGreaterThan(0);
    await worksAgain();
  });

  test('names that somebody has taken ahead are passed over', async () => {
    const cage = createCage({ memory: '64M' });
    const next = Number(basename(cage.cgroup.path)) + 1;
    const numbers = Array.from({ length: 6 }, (_, index) => String(next + index));
    const taken = [
      ...[owned('memory'), owned('unified')].flatMap((root) => numbers.map((name) => join(root, name))),
      ...['leaf-1', 'leaf-2'].map((name) => join(cage.cgroup.path, name)),
    ].filter((path) => !existsSync(path));
    for (const path of taken) mkdirSync(path, { recursive: true });
    try {
      expect(await cage.run('true')).toMatchObject({ exitCode: 0 });
      for (let start = 0; start < 3; start += 1)
        expect(await run('true', { memory: '64M' })).toMatchObject({ exitCode: 0 });
      await using inner = cage.contain(() => createCage({ memory: '32M' }));
      expect(await inner.run('true')).toMatchObject({ exitCode: 0 });
    } finally {
      taken.forEach(removeTree);
      await cage.close();
    }
  });

  test('a shared cage that someone has removed', async () => {
    const cage = createCage({ memory: '64M' });
    await cage.run('true');
    const paths = [guardOf(cage), cage.cgroup.path];
    paths.forEach(removeTree);
    const gone = expect.objectContaining({ code: 'ERR_MEMCAGE_NO_CGROUP' }) as Error;
    expect(() => cage.spawn('true')).toThrow(gone);
    await expect(cage.run('true')).rejects.toEqual(gone);
    expect(() => cage.cgroup.stat()).toThrow(gone);
    await cage.close();
    expect(() => cage.spawn('true')).toThrow(expect.objectContaining({ code: 'ERR_MEMCAGE_CLOSED' }) as Error);
    await worksAgain();
  });

  const hierarchies = version === 1 ? (['memory', 'unified'] as const) : (['unified'] as const);
  test.each(hierarchies)('empty directories in %s are removed all the time', async (hierarchy) => {
    const pattern = owned(hierarchy).replace(/-[0-9a-f]+$/, '-*');
    await tamper(`${pattern}/*/* ${pattern}/* ${pattern}`, 'rmdir');
    const ends: string[] = [];
    for (let start = 0; start < STARTS; start += 1) {
      ends.push(await attempt(() => spawn('true', [], { memory: '64M', stdio: 'ignore' })));
      ends.push(
        await attempt(() => {
          const cage = createCage({ memory: '64M' });
          try {
            const child = cage.spawn('true', [], { stdio: 'ignore' });
            void child.outcome.then(() => cage.close());
            return child;
          } catch (error) {
            void cage.close();
            throw error;
          }
        }),
      );
    }
    await leaveAlone();
    const { '0': well = 0, ERR_MEMCAGE_NO_CGROUP: gone = 0, ...others } = tally(ends);
    expect(others).toEqual({});
    expect(well + gone).toBe(2 * STARTS);
    await worksAgain();
  });

  test('every child is killed at any moment of its start', async () => {
    await tamper(owned('unified'), 'cgroup.kill', '1');
    const ends: string[] = [];
    for (let start = 0; start < STARTS; start += 1) {
      ends.push(await attempt(() => spawn('sleep', ['0.002'], { memory: '64M', stdio: 'ignore' })));
      // This one does not share memory but copies it, so its start takes longer.
      ends.push(await attempt(() => spawn('true', [], { memory: '64M', stdio: 'ignore', uid: 0, gid: 0 })));
    }
    await leaveAlone();
    const { '0': well = 0, SIGKILL: killed = 0, ...others } = tally(ends);
    expect(others).toEqual({});
    expect(well + killed).toBe(2 * STARTS);
    expect(killed).toBeGreaterThan(0);
    // Linux kills everything that is cloned into a cgroup whose cgroup.kill was ever written to. The pool has such a
    // cgroup now.
    await run('true', { memory: '64M', reject: false });
    await worksAgain();
  });

  test('the errors are of memcage', () => {
    expect(() => spawn('true', [], { memory: '64M', parent: '/none' })).toThrow(MemcageError);
  });
});
