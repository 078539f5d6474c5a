import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCage, execFileSync, execSync, run, spawnSync } from 'memcage';
import { withoutBinding } from '../../../support/native/without-binding';
import { cagesLeft, expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { BUSY } from '../../../support/processes/busy';
import { mark } from '../../../support/processes/mark';
import { hasEnded, processesWith } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { thrown } from '../../../support/thrown';

jest.setTimeout(patience(30_000));

const UTF8 = { encoding: 'utf8' } as const;

describeIf('cgroup', 'sync functions in a cage', () => {
  expectNothingLeft(async () => spawnSync('true', { memory: '100M' }));

  test('the program is in its cage from its first instruction', () => {
    expect(execFileSync('cat', ['/proc/self/cgroup'], { ...UTF8, memory: '100M' })).toContain('/memcage-');
  });

  test('the outcome says what it used', () => {
    const { outcome } = spawnSync('true', { memory: '100M' });
    expect(outcome).toMatchObject({ exitCode: 0, signal: null, oom: null, memory: { limitBytes: 100 * 2 ** 20 } });
    expect(outcome.durationMs).toBeGreaterThan(0);
  });

  test('the limit holds', () => {
    const { pid, status, signal, outcome } = spawnSync('tail', ['/dev/zero'], { memory: '20M' });
    expect({ status, signal, oom: outcome.oom }).toMatchObject({
      status: null,
      signal: 'SIGKILL',
      oom: { cause: 'limit', kills: 1, limitBytes: 20 * 2 ** 20, victims: [{ pid, name: 'tail' }] },
    });
  });

  test('errors of execSync have the outcome', () => {
    const error = thrown(() => execSync('tail /dev/zero', { memory: '20M', stdio: 'pipe' }));
    expect(error).toMatchObject({ outcome: { oom: { cause: 'limit', kills: 1 } } });
  });

  test('in a shared cage', async () => {
    await using cage = createCage({ memory: '20M' });
    expect(spawnSync('tail', ['/dev/zero'], { cage }).outcome.oom).toMatchObject({ cause: 'limit', kills: 1 });
    expect(execFileSync('cat', ['/proc/self/cgroup'], { ...UTF8, cage })).toContain('/memcage-');
  });

  test('nothing is left running', async () => {
    const { stdout } = spawnSync('sh', ['-c', 'setsid sleep 1000 >/dev/null 2>&1 & echo $!'], {
      ...UTF8,
      memory: '100M',
    });
    expect(await hasEnded(Number(stdout))).toBe(true);
    expect(cagesLeft()).toEqual([]);
  });

  test('a closed cage is an error', async () => {
    const cage = createCage({ memory: '20M' });
    await cage.close();
    expect(thrown(() => spawnSync('true', { cage }))).toMatchObject({ code: 'ERR_MEMCAGE_CLOSED' });
  });

  test('a limit that no program can be started in', () => {
    expect(thrown(() => spawnSync('true', { memory: 4096 }))).toMatchObject({ code: 'ERR_MEMCAGE_LIMIT_TOO_SMALL' });
  });

  test('why it was not started', () => {
    const { outcome } = spawnSync('no-such-file', { memory: '100M' });
    expect(outcome).toMatchObject({ exitCode: null, error: { code: 'ENOENT', stage: 'exec', path: 'no-such-file' } });
  });

  test('the outcome has the processor time', () => {
    const { outcome } = spawnSync('sh', ['-c', BUSY], { memory: '100M' });
    expect((outcome.cpu?.userMs ?? 0) + (outcome.cpu?.systemMs ?? 0)).toBeGreaterThan(0);
    expect(spawnSync('true').outcome.cpu).toBeNull();
  });

  test('fds are given back, also those of failed starts', () => {
    const count = (): number => Number(execSync('ls /proc/$PPID/fd | wc -l', { ...UTF8, memory: '100M' }));
    const before = count();
    for (let i = 0; i < 20; i += 1) {
      spawnSync('true', { memory: '100M', input: 'a' });
      spawnSync('no-such-file', { memory: '100M', stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
      spawnSync('sleep', ['100'], { memory: '100M', timeout: 1 });
      spawnSync('echo', ['a'], { memory: '100M', maxBuffer: 1 });
    }
    // Any kind that kept one open would have added 20. Other fds of this process may be closed meanwhile.
    expect(count()).toBeLessThan(before + 10);
  });

  test('an asynchronous child of the same time is not disturbed', async () => {
    const running = run('sh', ['-c', 'sleep 0.1; exit 3'], { memory: '50M' });
    expect(spawnSync('sleep', ['0.3'], { memory: '50M' }).status).toBe(0);
    await expect(running).rejects.toMatchObject({ outcome: { exitCode: 3 } });
  });

  test('nobody is warned of what memcage uses of Node', async () => {
    const script = `
      const { createCage, spawnSync } = require('memcage');
      const { execSync } = require('node:child_process');
      spawnSync('true', { memory: '50M' });
      const cage = createCage({ memory: '50M' });
      cage.contain(() => execSync('echo done', { stdio: 'inherit' }));
      cage.close();
    `;
    const flags = ['--pending-deprecation', '--throw-deprecation'];
    const { stdout, stderr } = await run(process.execPath, [...flags, '-e', script], {
      cwd: join(__dirname, '../../../..'),
    });
    expect({ stdout, stderr }).toEqual({ stdout: 'done\n', stderr: '' });
  });

  test('where Node’s binding is out of reach, nothing starts, and the error has a cure', () => {
    const file = join(tmpdir(), mark());
    withoutBinding((fresh) => {
      expect(thrown(() => fresh.spawnSync('touch', [file], { memory: '100M' }))).toMatchObject({
        code: 'ERR_MEMCAGE_UNSUPPORTED_NODE',
        message: expect.stringContaining('Cure: call run() or spawn()') as string,
      });
      // Node's own need not be intercepted.
      expect(fresh.spawnSync('true').outcome).toMatchObject({ exitCode: 0, enforcedBy: null });
    });
    expect(existsSync(file)).toBe(false);
  });

  test('killed with its parent', () => {
    const sleep = mark();
    const script = `
      const { spawnSync } = require('memcage');
      spawnSync('sh', ['-c', 'kill -KILL $PPID; exec sleep ${sleep}'], { memory: '100M', stdio: 'inherit' });
    `;
    const { signal } = spawnSync(process.execPath, ['-e', script]);
    expect(signal).toBe('SIGKILL');
    // The next first start sweeps what the killed owner left.
    spawnSync(process.execPath, ['-e', "require('memcage').spawnSync('true', { memory: '100M' })"]);
    expect(processesWith(sleep)).toEqual([]);
  });
});

describeIf('userns', 'sync functions in namespaces', () => {
  const run = (command: string, namespaces: object): string =>
    execFileSync('sh', ['-c', command], { ...UTF8, namespaces }).trim();

  test('a host name', () => {
    expect(run('hostname', { uts: { hostname: 'boxed' } })).toBe('boxed');
  });

  test('a PID namespace', () => {
    expect(run('echo $$; ls /proc | grep -c "^[0-9]"', { pid: true, mount: true })).toMatch(/^1\n[23]$/);
  });

  test('a network', () => {
    expect(
      run('cat /sys/class/net/lo/operstate; ls /proc/self/net/dev; grep -c : /proc/net/dev', { net: true }),
    ).toMatch(/1$/);
  });

  test('a user namespace', () => {
    expect(run('id -u; id -g', { user: { uid: 0, gid: 0 } })).toBe('0\n0');
  });

  test('the exit status and the signal of the first process', () => {
    const options = { namespaces: { pid: true, mount: true } };
    expect(spawnSync('sh', ['-c', 'exit 9'], options)).toMatchObject({ status: 9, signal: null });
    expect(spawnSync('no-such-file', options)).toMatchObject({ error: { code: 'ENOENT' }, pid: 0 });
  });

  test('a timeout ends all of a PID namespace', () => {
    const { signal, error } = spawnSync('sh', ['-c', 'sleep 1000 & wait'], { namespaces: { pid: true }, timeout: 100 });
    expect({ signal, error }).toMatchObject({ signal: 'SIGKILL', error: { code: 'ETIMEDOUT' } });
  });
});
