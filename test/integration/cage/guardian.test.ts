import { spawn as nodeSpawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cagesOf, members } from '../../support/cgroups/cgroup-tree';
import { fixtureResult } from '../../support/fixture';
import { guardedProcesses, guardiansOf, type Sleeper, Talking } from '../../support/guarded';
import { addBuilt, addFile, BUILT, copyPackage } from '../../support/package-copy';
import { patience } from '../../support/patience';
import { childrenOf, endNow, hasEnded, isAlive, stateOf } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

jest.setTimeout(patience(60_000));

const ROOT = join(__dirname, '../../..');

describeIf(['cgroup', 'root'], 'the guardian', () => {
  const { start, sleeper, unguarded, expectNothingOf } = guardedProcesses();

  test('is one process that sleeps outside of the cages, apart from the one that it watches', async () => {
    const parent = start('plain');
    const { guardian } = await sleeper(parent);
    expect(guardiansOf(parent.pid)).toEqual([guardian]);
    expect(childrenOf(parent.pid)).not.toContain(guardian);
    const status = readFileSync(`/proc/${guardian}/status`, 'utf8');
    expect(status).toMatch(/^Name:\tmemcage-guard$/m);
    expect(status).toMatch(/^Threads:\t1$/m);
    expect(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1])).toBeLessThan(1024);
    const statOf = (pid: number): string[] =>
      readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    // It may not have had the processor since it got the last message.
    await until('it sleeps', () => statOf(guardian)[0] === 'S');
    const [, , , session, terminal] = statOf(guardian);
    expect(session).not.toBe(statOf(parent.pid)[3]);
    expect(terminal).toBe('0');
    expect(readFileSync(`/proc/${guardian}/cgroup`, 'utf8')).toBe(readFileSync(`/proc/${parent.pid}/cgroup`, 'utf8'));
    expect(readFileSync(`/proc/${guardian}/environ`, 'utf8')).toBe('');
  });

  test('no signal but SIGKILL ends it before the process', async () => {
    const parent = start('plain');
    const { guardian, pid } = await sleeper(parent);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGPIPE', 'SIGUSR1'] as const)
      process.kill(guardian, signal);
    await parent.kill();
    await expectNothingOf(parent);
    expect(await hasEnded(pid)).toBe(true);
  });

  test('that is stopped is named by the start that it keeps from being guarded, and ends all once it goes on', async () => {
    const parent = start('stopped');
    const { guardian, pid, error } = (await sleeper(parent)) as Sleeper & { error: { message: string } };
    expect(error).toMatchObject({
      code: 'ERR_MEMCAGE_GUARDIAN',
      message: expect.stringContaining(`\`kill -CONT ${guardian}\``) as string,
      syscall: 'sendmsg',
    });
    await parent.kill();
    process.kill(guardian, 'SIGCONT');
    await expectNothingOf(parent);
    expect(await hasEnded(pid)).toBe(true);
  });

  test('keeps no pipe of the process open', async () => {
    const parent = start('closing');
    const { guardian } = await sleeper(parent);
    await until('the end of stdout', () => parent.ended);
    expect([isAlive(parent.pid), isAlive(guardian)]).toEqual([true, true]);
  });

  test('ends with a process that ends by itself', async () => {
    const parent = start('plain');
    const { guardian, pid } = await sleeper(parent);
    parent.process.kill('SIGTERM');
    await parent.exit;
    await expectNothingOf(parent);
    expect([await hasEnded(guardian), await hasEnded(pid)]).toEqual([true, true]);
  });

  test('threads that come and go, and start cages at once, have one', async () => {
    const parent = start('workers');
    const pids = await parent.line<number[]>();
    expect(pids).toHaveLength(7);
    expect(new Set(pids)).toEqual(new Set(guardiansOf(parent.pid)));
    await parent.kill();
    await expectNothingOf(parent);
  });

  test('two copies of the addon have one', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'memcage-copy-'));
    try {
      const path = join(directory, 'copy.node');
      copyFileSync(join(ROOT, 'build/Release/memcage.node'), path);
      const parent = start(`copies ${path}`);
      expect(await parent.line()).toEqual([null, null, true, false]);
      expect(guardiansOf(parent.pid)).toHaveLength(1);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test.each([
    ['MEMCAGE_GUARDIAN=0', 'plain', { MEMCAGE_GUARDIAN: '0' }],
    ['prepare({ guardian: false })', 'option', {}],
  ])('%s: none; the child itself dies with the process, the rest waits for the next memcage', async (_, what, env) => {
    const parent = start(what, { env });
    const { guardian, pid, cgroup } = await unguarded(parent);
    expect(guardian).toBe(0);
    expect(guardiansOf(parent.pid)).toEqual([]);
    await until('both sleep', () => members(cgroup).length === 2);
    await parent.kill();
    await until('the child is dead', () => !isAlive(pid));
    expect(members(cgroup)).toHaveLength(1);
    expect(await fixtureResult('cage/no-guardian.js', {})).toMatchObject({ codes: { run: 'started' } });
    await until('the rest is dead', () => cagesOf(parent.pid).length === 0);
  });

  test('one that was killed is replaced at once by one that knows all', async () => {
    const parent = start('plain');
    const first = await sleeper(parent);
    await until('both sleep', () => members(first.cgroup).length === 2);
    endNow(first.guardian);
    // It forks as it begins: the first of the two ends. Its process may take a moment to tell it.
    await until('another one sleeps, and the process', () => {
      const others = guardiansOf(parent.pid).filter((pid) => pid !== first.guardian);
      return others.length === 1 && [...others, parent.pid].every((pid) => stateOf(pid) === 'S');
    });
    await parent.kill();
    await expectNothingOf(parent);
    expect(await hasEnded(first.pid)).toBe(true);
  });

  test('killed together with its process, it leaves no child, and the rest to the next memcage', async () => {
    const parent = start('plain');
    const { guardian, pid, cgroup } = await sleeper(parent);
    await until('both sleep', () => members(cgroup).length === 2);
    process.kill(parent.pid, 'SIGSTOP');
    endNow(guardian);
    await parent.kill();
    await until('the child is dead', () => !isAlive(pid));
    expect(members(cgroup)).toHaveLength(1);
    await fixtureResult('cage/no-guardian.js', {});
    await until('the rest is ended', () => cagesOf(parent.pid).length === 0);
  });
});

describeIf(['cgroup', 'root'], 'where no guardian can be started', () => {
  interface Result {
    pid: number;
    codes: Record<string, string>;
    /** Those that lived when a call had been refused. */
    guardians: readonly number[];
  }
  const caged = (code: string) => ({ spawn: code, run: code, spawnSync: code, createCage: code, detached: code });

  test.each([
    ['socketpair', 'EMFILE', 24],
    ['socketpair', 'EACCES', 13],
  ])('%s: %s is what every start in a cage comes to, and nothing is left', async (syscall, name, errno) => {
    const code = name === 'EMFILE' ? name : 'ERR_MEMCAGE_GUARDIAN';
    const rule = { syscall, errno, argument: 1, mask: 0xf, value: 5 };
    const { pid, codes } = await fixtureResult<Result>('cage/no-guardian.js', { rules: [rule] });
    expect(codes).toEqual({ ...caged(code), uncaged: 'started' });
    expect(cagesOf(pid)).toEqual([]);
  });

  test('its answer can not be read: it has ended when that is known', async () => {
    const rule = { syscall: 'recvfrom', errno: 88 };
    const { codes, guardians } = await fixtureResult<Result>('cage/no-guardian.js', { rules: [rule] });
    expect(codes).toEqual({ ...caged('ERR_MEMCAGE_GUARDIAN'), uncaged: 'started' });
    expect(guardians).toEqual([]);
  });

  test.each([
    ['is missing', 'ENOENT', undefined],
    ['may not be run', 'EACCES', 0o644],
    ['is no program', 'ERR_MEMCAGE_GUARDIAN', 0o755],
  ])('memcage-exec %s', async (_, errno, mode) => {
    const directory = copyPackage();
    try {
      addBuilt(directory, 'memcage.node');
      if (mode !== undefined) addFile(directory, `${BUILT}/memcage-exec`, 'exit 3\n', mode);
      const script = `const { createCage } = require(${JSON.stringify(directory)});
        try { createCage({ memory: '8M' }); } catch ({ code, message }) { console.log(JSON.stringify({ code, message, pid: process.pid })); }`;
      const child = new Talking(nodeSpawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] }));
      const { code, message, pid } = await child.line<{ code: string; message: string; pid: number }>();
      expect(code).toBe('ERR_MEMCAGE_GUARDIAN');
      expect(message).toContain(errno === 'ERR_MEMCAGE_GUARDIAN' ? 'MEMCAGE_GUARDIAN=0' : errno);
      await child.exit;
      expect(cagesOf(pid)).toEqual([]);
      expect(guardiansOf(pid)).toEqual([]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
