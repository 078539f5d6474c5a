import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createCage, launcherFor } from 'memcage';
import { mark } from '../../support/mark';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { processesThatAre, processesWith } from '../../support/processes';
import { describeIf } from '../../support/require';
import { thrown } from '../../support/thrown';
import { until } from '../../support/until';

jest.setTimeout(patience(30_000));

const UTF8 = { encoding: 'utf8' } as const;

describeIf('cgroup', 'launcherFor', () => {
  expectNothingLeft(() => launcherFor({ memory: '100M' }).close());

  test('what is started through it is in the cage', async () => {
    await using launcher = launcherFor({ memory: '100M' });
    const { stdout } = spawnSync(launcher.file, [...launcher.args, 'cat', '/proc/self/cgroup'], UTF8);
    expect(stdout).toContain('/memcage-');
    expect(launcher.cage.cgroup.path).toContain(/memory:(.*)/.exec(stdout)?.[1] ?? /0::(.*)/.exec(stdout)?.[1]);
  });

  test('the limit is one for all', async () => {
    const launcher = launcherFor({ memory: '30M' });
    const { signal } = spawnSync(launcher.file, [...launcher.args, 'tail', '/dev/zero']);
    expect(signal).toBe('SIGKILL');
    expect(await launcher.close()).toMatchObject({
      oom: { cause: 'limit', kills: 1 },
      memory: { limitBytes: 30 * 2 ** 20 },
    });
  });

  test('in a shared cage', async () => {
    await using cage = createCage({ memory: '30M' });
    await using launcher = launcherFor({ cage });
    expect(launcher.cage).toBe(cage);
    expect(spawnSync(launcher.file, [...launcher.args, 'tail', '/dev/zero']).signal).toBe('SIGKILL');
  });

  test('a child of fork', async () => {
    await using launcher = launcherFor({ memory: '200M' });
    const program = `${__dirname}/../../fixtures/launcher/own-cgroup.js`;
    const child = fork(program, [], { execPath: launcher.file, execArgv: [...launcher.args, process.execPath] });
    const [message] = await once(child, 'message');
    expect(message).toContain('/memcage-');
    await once(child, 'close');
  });

  test('close() ends what is left', async () => {
    await using launcher = launcherFor({ memory: '100M' });
    const sleep = mark();
    const command = `setsid sleep ${sleep} >/dev/null 2>&1 &`;
    spawnSync(launcher.file, [...launcher.args, 'sh', '-c', command]);
    await until('it runs', () => processesThatAre(`sleep ${sleep}`).length === 1);
    await launcher.close();
    await launcher.close();
    expect(processesWith(sleep)).toEqual([]);
    expect(spawnSync(launcher.file, [...launcher.args, 'true']).status).toBe(125);
  });

  test.each([
    [127, 'no-such-file', 'memcage-exec: no-such-file: No such file or directory (exec)\n'],
    [126, '/etc/passwd', 'memcage-exec: /etc/passwd: Permission denied (exec)\n'],
  ])('exit code %i for %s', async (code, file, message) => {
    await using launcher = launcherFor({ memory: '100M' });
    const { status, stderr } = spawnSync(launcher.file, [...launcher.args, file], UTF8);
    expect({ status, stderr }).toEqual({ status: code, stderr: message });
  });

  test('wrong options', () => {
    expect(thrown(() => launcherFor(5 as never))).toMatchObject({ code: 'ERR_MEMCAGE_INVALID_ARGUMENT' });
  });
});

describeIf('userns', 'launcherFor, namespaces alone', () => {
  test.each([
    ['exit 7', 7, null],
    ['kill -TERM $$', null, 'SIGTERM'],
  ])('an init passes on %s', async (command, status, signal) => {
    await using launcher = launcherFor({ namespaces: { pid: { init: true }, mount: true } });
    expect(launcher.cage).toBeNull();
    const result = spawnSync(launcher.file, [...launcher.args, 'sh', '-c', command]);
    expect(result).toMatchObject({ status, signal });
  });

  test('the PID namespace ends with the launcher', async () => {
    await using launcher = launcherFor({ namespaces: { pid: { init: true } } });
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
