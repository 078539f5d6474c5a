import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { memcage } from '../../../support/engines/pod';
import { patience } from '../../../support/patience';
import { until } from '../../../support/until';
import { leftovers, MOUNT } from '../manager';

jest.setTimeout(patience(60_000));

const INSIDE = [process.execPath, join(__dirname, '../../../fixtures/container/inside.js')];

interface Said {
  oom?: string;
  source?: string;
  path?: string;
  own?: string;
  parent?: string;
}

/** Runs a command as a service, as a unit with ExecStart= does. Resolves with its exit code and output. */
async function asService(
  options: readonly string[],
  command: readonly string[],
): Promise<{ code: number; stdout: string }> {
  const words = ['--quiet', '--collect', '--wait', '--pipe', ...options, '--', ...command];
  try {
    const { stdout } = await promisify(execFile)('systemd-run', words);
    return { code: 0, stdout };
  } catch (error) {
    const { code, stdout } = error as { code: number; stdout: string };
    return { code, stdout };
  }
}

describe('memcage init in a service', () => {
  const unit = `memcage-test-${process.pid}.service`;
  const cgroup = `/system.slice/${unit}`;

  test('with Delegate=yes makes room in it, for all that was started in it', async () => {
    const options = ['--unit', unit, '-p', 'Delegate=yes', '-p', 'MemoryMax=400M'];
    const shell = ['sh', '-c', 'sleep 1000 & "$@"; exit $?', 'sh'];
    const { code, stdout } = await asService(options, [...shell, ...memcage('init', ...INSIDE, '7')]);
    const said = JSON.parse(stdout) as Said;
    expect(said).toMatchObject({ oom: 'limit', source: 'ancestor', path: `${MOUNT}${cgroup}`, parent: 'memcage-exec' });
    expect(said.own).toMatch(new RegExp(`^${cgroup}/memcage-self-\\d+-[0-9a-f]+$`));
    // systemd does not stop a delegated unit for the kill in it.
    expect(code).toBe(7);
    await until('nothing is left', () => leftovers().length === 0, 20_000);
  });

  test('without it moves nobody else: a scope takes only itself', async () => {
    const shell = ['sh', '-c', 'cat /proc/self/cgroup; "$@"; code=$?; cat /proc/self/cgroup; exit $code', 'sh'];
    const { code, stdout } = await asService(['--unit', unit], [...shell, ...memcage('init', ...INSIDE, '7')]);
    const [before, said = '', after] = stdout.trim().split('\n');
    expect([before, after]).toEqual([`0::${cgroup}`, `0::${cgroup}`]);
    expect(JSON.parse(said)).toMatchObject({ oom: 'limit', parent: 'memcage-exec' });
    expect((JSON.parse(said) as Said).path).toMatch(/\/memcage-\d+-[0-9a-f]+\.scope$/);
    expect(code).toBe(7);
    await until('nothing is left', () => leftovers().length === 0, 20_000);
  });

  test('without it, and with a limit, says what to set', async () => {
    const { code, stdout } = await asService(
      ['-p', 'MemoryMax=400M'],
      ['sh', '-c', '"$@" 2>&1; exit $?', 'sh', ...memcage('init', 'true')],
    );
    expect(code).toBe(125);
    expect(stdout).toMatch('set Delegate=yes for the unit');
  });

  test('as another user, in a unit delegated to that user', async () => {
    const options = ['--uid=1000', '-p', 'Delegate=yes'];
    const { stdout } = await asService(options, memcage('init', '--', ...INSIDE));
    expect(JSON.parse(stdout)).toMatchObject({ oom: 'limit', source: 'ancestor', parent: 'memcage-exec' });
    const alone = await asService([...options, '--same-dir', '--setenv=HOME=/tmp'], INSIDE);
    expect(JSON.parse(alone.stdout)).toMatchObject({ oom: 'limit', source: 'own' });
  });

  test('as a step of GitHub Actions does, through what stays beside the program', async () => {
    const options = ['--uid=1000', '--gid=1000', '-p', 'Delegate=yes', '--same-dir', '--setenv=HOME=/tmp'];
    const shell = (...command: string[]): string[] => ['sh', '-c', '"$@"; exit $?', 'sh', ...command];
    const { code, stdout } = await asService(options, shell(...memcage('init', '--', ...shell(...INSIDE, '7'))));
    expect(JSON.parse(stdout)).toMatchObject({ oom: 'limit', source: 'ancestor' });
    expect(code).toBe(7);
    await until('nothing is left', () => leftovers().length === 0, 20_000);
  });
});
