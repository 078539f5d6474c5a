import { fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Cage, type CagedLauncher, createCage, createLauncher, type Launcher } from 'memcage';
import { fixtureResult } from '../../../support/fixture';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { mark } from '../../../support/processes/mark';
import { isAlive, processesThatAre, processesWith } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { thrown } from '../../../support/thrown';
import { until } from '../../../support/until';

jest.setTimeout(patience(30_000));

const UTF8 = { encoding: 'utf8' } as const;

describeIf('cgroup', 'createLauncher', () => {
  expectNothingLeft(() => createLauncher({ memory: '100M' }).close());

  test('what is started through it is in the cage', async () => {
    await using launcher = createLauncher({ memory: '100M' });
    const { stdout } = spawnSync(launcher.file, [...launcher.args, 'cat', '/proc/self/cgroup'], UTF8);
    expect(stdout).toContain('/memcage-');
    expect(launcher.cage.cgroup.path).toContain(/memory:(.*)/.exec(stdout)?.[1] ?? /0::(.*)/.exec(stdout)?.[1]);
  });

  test('the limit is one for all', async () => {
    const launcher = createLauncher({ memory: '30M' });
    const { signal } = spawnSync(launcher.file, [...launcher.args, 'tail', '/dev/zero']);
    expect(signal).toBe('SIGKILL');
    expect(await launcher.close()).toMatchObject({
      oom: { cause: 'limit', kills: 1 },
      memory: { limitBytes: 30 * 2 ** 20 },
    });
  });

  test('in a shared cage', async () => {
    await using cage = createCage({ memory: '30M' });
    await using launcher = createLauncher({ cage });
    expect(launcher.cage).toBe(cage);
    expect(spawnSync(launcher.file, [...launcher.args, 'tail', '/dev/zero']).signal).toBe('SIGKILL');
  });

  test('a child of fork', async () => {
    await using launcher = createLauncher({ memory: '200M' });
    const program = `${__dirname}/../../../fixtures/process/launcher/own-cgroup.js`;
    const child = fork(program, [], { execPath: launcher.file, execArgv: [...launcher.args, process.execPath] });
    const [message] = await once(child, 'message');
    expect(message).toContain('/memcage-');
    await once(child, 'close');
  });

  test('close() ends what is left', async () => {
    await using launcher = createLauncher({ memory: '100M' });
    const sleep = mark();
    const command = `setsid sleep ${sleep} >/dev/null 2>&1 &`;
    spawnSync(launcher.file, [...launcher.args, 'sh', '-c', command]);
    await until('it runs', () => processesThatAre(`sleep ${sleep}`).length === 1);
    await launcher.close();
    await launcher.close();
    expect(processesWith(sleep)).toEqual([]);
    expect(spawnSync(launcher.file, [...launcher.args, 'true']).status).toBe(125);
  });

  describe('the cage is closed while the launcher is open', () => {
    const closings: [how: string, close: (cage: Cage, launcher: Launcher) => Promise<unknown>][] = [
      ['the cage first', (cage, launcher) => cage.close().then(() => launcher.close())],
      ['the launcher first', (cage, launcher) => launcher.close().then(() => cage.close())],
      ['both at once, the cage first', (cage, launcher) => Promise.all([cage.close(), launcher.close()])],
      ['both at once, the launcher first', (cage, launcher) => Promise.all([launcher.close(), cage.close()])],
      ['each twice', (cage, launcher) => Promise.all([cage, launcher, cage, launcher].map((each) => each.close()))],
      ['the cage alone', (cage) => cage.close()],
    ];
    const cages: [kind: string, make: () => { cage: Cage; launcher: CagedLauncher }][] = [
      ['shared', inShared],
      ['of its own', inOwn],
    ];

    function inShared(): { cage: Cage; launcher: CagedLauncher } {
      const cage = createCage({ memory: '100M' });
      return { cage, launcher: createLauncher({ cage }) };
    }

    function inOwn(): { cage: Cage; launcher: CagedLauncher } {
      const launcher = createLauncher({ memory: '100M' });
      return { cage: launcher.cage, launcher };
    }

    describe.each(cages)('a cage that is %s', (_kind, make) => {
      test.each(closings)('%s: nothing is left, and the report is read', async (_how, close) => {
        const { cage, launcher } = make();
        const { path } = cage.cgroup;
        const sleep = mark();
        const command = `setsid sleep ${sleep} >/dev/null 2>&1 &`;
        spawnSync(launcher.file, [...launcher.args, 'sh', '-c', command]);
        await until('it runs', () => processesThatAre(`sleep ${sleep}`).length === 1);
        await close(cage, launcher);
        expect(processesWith(sleep)).toEqual([]);
        expect(existsSync(path)).toBe(false);
        const { oom, memory } = await launcher.close();
        expect(oom).toBeNull();
        expect(memory?.limitBytes).toBe(100 * 2 ** 20);
      });

      test('nothing was started', async () => {
        const { cage, launcher } = make();
        const startMs = performance.now();
        await cage.close();
        expect(performance.now() - startMs).toBeLessThan(patience(2000));
        expect(await launcher.close()).toMatchObject({ oom: null, memory: { limitBytes: 100 * 2 ** 20 } });
      });

      test('later starts say that the cgroup is gone', async () => {
        const { cage, launcher } = make();
        const { path } = cage.cgroup;
        await cage.close();
        const { status, stderr } = spawnSync(launcher.file, [...launcher.args, 'true'], UTF8);
        expect({ status, stderr }).toEqual({ status: 125, stderr: expect.stringContaining(path) });
        expect(stderr).toContain('No such file or directory');
        expect(stderr).toContain('the launcher or its cage was closed, or their owner has ended');
      });
    });

    test("the report has the kills that were counted in the launcher's cgroup", async () => {
      const cage = createCage({ memory: '30M' });
      const launcher = createLauncher({ cage });
      const idle = createLauncher({ cage });
      expect(spawnSync(launcher.file, [...launcher.args, 'tail', '/dev/zero']).signal).toBe('SIGKILL');
      await cage.close();
      expect(await launcher.close()).toMatchObject({ oom: { cause: 'limit', kills: 1 } });
      expect(await idle.close()).toMatchObject({ oom: null });
      expect(cage.oomKills).toBe(1);
    });

    test.each(['open', 'closing', 'worker'])('the end of the process or thread: %s', async (how) => {
      const { members, cages } = await fixtureResult<{ members: number[]; cages: string[] }>(
        // Without it: what the process itself leaves.
        { name: 'process/launcher/open-at-exit.js', env: { MEMCAGE_GUARDIAN: '0' } },
        how,
      );
      expect(members).toHaveLength(2);
      await until('all are dead', () => !members.some(isAlive), 1000);
      expect(cages.filter((path) => existsSync(path))).toEqual([]);
      expect(cages.map((path) => dirname(path)).filter((path) => existsSync(path))).toEqual([]);
    });

    test('a cage around', async () => {
      const outer = createCage({ memory: '100M' });
      const launcher = outer.contain(() => createLauncher({ memory: '50M' }));
      await outer.close();
      expect(await launcher.close()).toMatchObject({ oom: null, memory: { limitBytes: 50 * 2 ** 20 } });
    });
  });

  test.each([
    [127, 'no-such-file', 'memcage-exec: no-such-file: No such file or directory (exec, execve)\n'],
    [126, '/etc/passwd', 'memcage-exec: /etc/passwd: Permission denied (exec, execve)\n'],
  ])('exit code %i for %s', async (code, file, message) => {
    await using launcher = createLauncher({ memory: '100M' });
    const { status, stderr } = spawnSync(launcher.file, [...launcher.args, file], UTF8);
    expect({ status, stderr }).toEqual({ status: code, stderr: message });
  });

  test('wrong options', () => {
    expect(thrown(() => createLauncher(5 as never))).toMatchObject({ code: 'ERR_MEMCAGE_INVALID_ARGUMENT' });
  });
});

describeIf('userns', 'createLauncher, namespaces alone', () => {
  test.each([
    ['exit 7', 7, null],
    ['kill -TERM $$', null, 'SIGTERM'],
  ])('an init passes on %s', async (command, status, signal) => {
    await using launcher = createLauncher({ namespaces: { pid: { init: true }, mount: true } });
    expect(launcher.cage).toBeNull();
    const result = spawnSync(launcher.file, [...launcher.args, 'sh', '-c', command]);
    expect(result).toMatchObject({ status, signal });
  });

  // The init has just been born then, and has not begun to wait for signals.
  test('a signal to a launcher that has just forked ends the program', async () => {
    for (let round = 0; round < 20; ++round) {
      await using launcher = createLauncher({ namespaces: { pid: { init: true }, mount: true, net: true } });
      const child = spawn(launcher.file, [...launcher.args, 'sleep', '60']);
      const children = `/proc/${child.pid}/task/${child.pid}/children`;
      await once(child, 'spawn');
      while (child.exitCode === null && readFileSync(children, 'utf8') === '');
      child.kill();
      expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
    }
  });

  test('the PID namespace ends with the launcher', async () => {
    await using launcher = createLauncher({ namespaces: { pid: { init: true } } });
    const sleep = mark();
    const command = `sleep ${sleep} & sleep ${sleep}`;
    const { signal } = spawnSync(launcher.file, [...launcher.args, 'sh', '-c', command], {
      timeout: 200,
      killSignal: 'SIGKILL',
      stdio: 'ignore',
    });
    expect(signal).toBe('SIGKILL');
    await until('all have ended', () => processesWith(sleep).length === 0);
  });
});
