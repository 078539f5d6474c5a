import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createCage, spawn as memcageSpawn, run } from 'memcage';
import { cageOf } from 'memcage/machine';
import { cgroupOf, files, limitOf, makeCgroup, members, read, version } from '../../../support/cgroups/cgroup-tree';
import { runCli } from '../../../support/cli/cli';
import { expectNothingLeft } from '../../../support/nothing-left';
import { isAlive } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { until } from '../../../support/until';

describeIf('cgroup', 'commands that change a cgroup', () => {
  let group: ReturnType<typeof makeCgroup>;
  let children: ChildProcess[] = [];

  beforeEach(() => {
    group = makeCgroup('64M');
  });
  // Also after a test that failed: a cgroup with a process in it can't be removed.
  afterEach(async () => {
    for (const child of children) {
      if (child.kill('SIGKILL')) await once(child, 'exit');
    }
    children = [];
    await until('it is empty', () => members(group.path).length === 0);
    group.remove();
  });
  expectNothingLeft(() => run('true', { memory: '8M' }));

  async function inhabit(): Promise<ChildProcess> {
    const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
    children.push(child);
    await once(child, 'spawn');
    writeFileSync(`${group.path}/cgroup.procs`, String(child.pid));
    return child;
  }

  test('limit', async () => {
    const end = await runCli(['limit', group.path, '--memory', '32M']);
    expect(end).toMatchObject({ code: 0, stderr: '' });
    expect(end.stdout).toMatch(new RegExp(`^${group.path}\\n {2}memory +32M\\n`));
    expect(limitOf(group.path)).toBe(32 << 20);
    // The kernel keeps whole pages.
    const rounded = await runCli(['limit', group.path, '--memory', String((32 << 20) + 5)]);
    expect(rounded.stdout).toMatch(/\n {2}memory +32M\n/);
    expect(rounded.stdout).not.toMatch(/B$/m);
    expect(await runCli(['limit', '-m48M', group.path])).toMatchObject({ code: 0 });
    expect(limitOf(group.path)).toBe(48 << 20);
  });

  test('limit of the other kinds', async () => {
    const [option, file] =
      version === 1 ? (['--swap', 'memory.memsw.limit_in_bytes'] as const) : (['--high', 'memory.high'] as const);
    const [args, expected] = version === 1 ? (['32M', 96 << 20] as const) : (['16M', 16 << 20] as const);
    expect(await runCli(['limit', group.path, option, args])).toMatchObject({ code: 0, stderr: '' });
    expect(read(group.path, file)).toBe(String(expected));
    const foreign = version === 1 ? '--high' : '--soft';
    expect(await runCli(['limit', group.path, foreign, '1M'])).toMatchObject({
      code: 125,
      stdout: '',
      stderr: expect.stringMatching(`^memcage: ${foreign} needs cgroup v`) as string,
    });
  });

  test('kill', async () => {
    const inhabitants = [await inhabit(), await inhabit()];
    const ends = inhabitants.map((child) => once(child, 'exit'));
    const pid = String(inhabitants[0]?.pid);
    const refused = await runCli(['kill', pid]);
    expect(refused).toMatchObject({ code: 125, stdout: '' });
    expect(refused.stderr).toBe(
      `memcage: ${group.path} is neither a cage nor a container: to kill the 2 processes in it, run memcage kill --cgroup '${group.path}'\n`,
    );
    expect(await runCli(['kill', '--cgroup', '--dry-run', pid])).toMatchObject({
      code: 0,
      stdout: `would kill 2 processes in ${group.path}\n`,
    });
    expect(members(group.path)).toHaveLength(2);
    const end = await runCli(['kill', '--cgroup', pid]);
    expect(end).toMatchObject({ code: 0, stdout: `killed 2 processes in ${group.path}\n`, stderr: '' });
    expect(members(group.path)).toEqual([]);
    expect(await Promise.all(ends)).toEqual([
      [null, 'SIGKILL'],
      [null, 'SIGKILL'],
    ]);
    expect(await runCli(['kill', '--cgroup', group.path])).toMatchObject({
      code: 0,
      stdout: `killed 0 processes in ${group.path}\n`,
    });
  });

  test('kill in a cage, private or shared, and in what was made in it', async () => {
    await using cage = createCage({ memory: '20M' });
    for (const child of [memcageSpawn('sleep', ['1000'], { memory: '20M' }), cage.spawn('sleep', ['1000'])]) {
      const path = cgroupOf(child.pid ?? 0);
      const dry = await runCli(['kill', '-n', '--json', String(child.pid)]);
      expect(JSON.parse(dry.stdout)).toEqual({ path, wouldKill: [child.pid] });
      expect(await runCli(['kill', String(child.pid)])).toMatchObject({
        code: 0,
        stdout: `killed 1 process in ${path}\n`,
      });
      expect(await child.outcome).toMatchObject({ signal: 'SIGKILL', oom: null });
    }
  });

  test('the pid of an owner, whose cages are named', async () => {
    await using cage = createCage({ memory: '20M' });
    const own = cageOf(cage.cgroup.path)?.label ?? '';
    const end = await runCli(['kill', String(process.pid)]);
    expect(end).toMatchObject({ code: 125, stdout: '' });
    expect(end.stderr).toMatch(new RegExp(`name one of its cages: (?:\\S+, )*${own}(?:, \\S+)*( \\.\\.\\.)?\\n$`));
  });

  // v2 does not refuse it, but kills.
  (version === 1 ? test : test.skip)('a limit below the use of an owner: what helps', async () => {
    writeFileSync(`${group.path}/memory.swappiness`, '0');
    const script =
      "require('memcage').createCage({ memory: '8M' }); console.log('up');" +
      "process.stdin.on('data', () => { globalThis.held = Buffer.alloc(40 << 20, 1); console.log('holds'); })";
    const owner = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(owner);
    await once(owner.stdout, 'data');
    writeFileSync(`${group.path}/cgroup.procs`, String(owner.pid));
    owner.stdin.write('go\n');
    await once(owner.stdout, 'data');
    const end = await runCli(['limit', String(owner.pid), '-m', '10M']);
    expect(end).toMatchObject({ code: 125, stdout: '' });
    expect(end.stderr).toMatch(
      new RegExp(
        "^memcage: --(?:memory|swap) can't be set to 10 MiB: .* Cure: free memory first, or give a higher limit; " +
          `or name one of its cages: ${owner.pid}/\\d+\\n$`,
      ),
    );
  });

  test('kill does not end itself', async () => {
    const child = await inhabit();
    const own = cgroupOf('self');
    const { code, stdout, stderr } = await runCli(['kill', '--cgroup', own]);
    expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
    expect(stderr).toMatch(
      /is the cgroup of this very command, or above it\. Cure: name one that memcage ls or memcage top --all shows\n$/,
    );
    expect(isAlive(child.pid ?? 0)).toBe(true);
  });

  testRows(
    'a wrong command line changes nothing',
    [
      [
        ['limit', '--memory', '1M'],
        /^memcage: limit needs a cgroup, as in: memcage limit .* \(see memcage limit --help\)\n$/,
      ],
      [['limit', 'x'], /^memcage: limit needs a limit, as in: memcage limit 4711 --memory 1G .*\n$/],
      [
        ['limit', 'x', 'y', '--memory', '1M'],
        /^memcage: limit takes one cgroup, not 'y' as well \(see memcage limit --help\)\n$/,
      ],
      [['kill'], /^memcage: kill needs a cgroup, as in: memcage kill 4711 .*\n$/],
      [['kill', '--all'], /^memcage: Unknown option '--all'/],
      [
        ['kill', 'no-such-cgroup-at-all'],
        /^memcage: No cgroup .* Cure: one that memcage ls or memcage top --all shows\n$/,
      ],
      [
        ['kill', '/proc'],
        /^memcage: \/proc is no memory cgroup\. Cure: one that memcage ls or memcage top --all shows\n$/,
      ],
      [['limit', '/no/such', '--memory', '1M'], /^memcage: There is no cgroup \/no\/such\. Cure: .*\n$/],
    ],
    async ([args, message]) => {
      const { code, stdout, stderr } = await runCli(args);
      expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
      expect(stderr).toMatch(message);
      expect(read(group.path, files.limit)).toBe(String(64 << 20));
    },
  );
});
