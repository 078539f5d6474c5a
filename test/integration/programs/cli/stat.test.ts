import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { spawn as memcageSpawn, run } from 'memcage';
import {
  cgroupOf,
  files,
  makeBelow,
  makeCgroup,
  mountPoint,
  read,
  version,
} from '../../../support/cgroups/cgroup-tree';
import { runCli } from '../../../support/cli/cli';
import { expectNothingLeft } from '../../../support/nothing-left';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';

interface Status {
  path: string;
  version: number;
  usage: { usageBytes: number; limitBytes: unknown };
  peakBytes: number | null;
  limits: { max: unknown };
  effectiveLimits: { maxBytes: number; maxBy: string; maxPath: string | null };
  stat: Record<string, number>;
  processes: { pid: number; depth: number; command: string[] }[];
}

const SCRIPT = 'read -r _; cat; true';
/** The sequence that clears a terminal. */
const ESCAPE = '\x1b[2J';

describeIf('cgroup', 'memcage stat', () => {
  let group: ReturnType<typeof makeCgroup>;
  let shell: ReturnType<typeof spawn>;

  beforeAll(async () => {
    group = makeCgroup('64M');
    shell = spawn('sh', ['-c', SCRIPT, ESCAPE], { stdio: ['pipe', 'pipe', 'inherit'] });
    writeFileSync(`${group.path}/cgroup.procs`, String(shell.pid));
    shell.stdin?.write('go\nhello\n');
    if (shell.stdout) await once(shell.stdout, 'data');
  });
  afterAll(async () => {
    shell.stdin?.end();
    await once(shell, 'exit');
    group.remove();
  });

  expectNothingLeft(() => run('true', { memory: '8M' }));

  test.each([
    ['its path', () => group.path],
    ['a pid in it', () => String(shell.pid)],
    ['its name', () => basename(group.path)],
  ])('of a cgroup by %s', async (_, target) => {
    const end = await runCli(['stat', '--json', target()]);
    expect(end).toMatchObject({ code: 0, stderr: '', left: [] });
    const status = JSON.parse(end.stdout) as Status;
    expect(status).toMatchObject({
      path: group.path,
      version,
      usage: { limitBytes: 64 << 20 },
      limits: { max: 64 << 20 },
      effectiveLimits: { maxBytes: 64 << 20, maxBy: 'cgroup', maxPath: group.path },
      swapBytes: expect.any(Number) as number,
      kernelBytes: expect.any(Number) as number,
      limitHits: 0,
      oomKills: 0,
      pressure: existsSync(`${group.path}/memory.pressure`) ? { some: { avg10: 0 }, full: { avg10: 0 } } : null,
      processes: [
        { pid: shell.pid, depth: 0, command: ['sh', '-c', SCRIPT, ESCAPE] },
        { depth: 1, command: ['cat'] },
      ],
    });
    expect(status.usage.usageBytes).toBeGreaterThan(0);
    expect(Object.keys(status.stat)).toContain(version === 1 ? 'total_rss' : 'anon');
  });

  describe('digits', () => {
    // Above any pid that Linux assigns.
    const digits = String(2 ** 22 + (process.pid % 100_000));
    const make = (name: string): string => makeBelow(cgroupOf('self'), name);

    test('without such a process are the beginning of the id of a container', async () => {
      const path = make(`${digits}${'0'.repeat(64 - digits.length)}`);
      try {
        const end = await runCli(['stat', '--json', digits]);
        expect(end).toMatchObject({ code: 0, stderr: '' });
        expect(JSON.parse(end.stdout)).toMatchObject({ path });
      } finally {
        rmdirSync(path);
      }
    });

    test('do not mean a cgroup that is called so, as cages are', async () => {
      const path = make(digits);
      try {
        const { code, stderr } = await runCli(['kill', digits]);
        expect({ code, stderr }).toEqual({
          code: 125,
          stderr: `memcage: There is no process ${digits}, and no container has such an id or name. Cure: one that memcage ls or memcage top --all shows\n`,
        });
      } finally {
        rmdirSync(path);
      }
    });
  });

  test('for people', async () => {
    const { stdout, stderr, code } = await runCli(['stat', group.path]);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const lines = stdout.split('\n');
    expect(lines[0]).toBe(`${group.path} (cgroup v${version})`);
    expect(lines[1]).toMatch(/^ {2}usage {8}[\d.]+ [KM]iB of 64 MiB \(\d+\.\d %\)$/);
    expect(lines.map((line) => /^ {2}(\w+(?: \w+)?) {2}/.exec(line)?.[1]).filter(Boolean)).toEqual(
      expect.arrayContaining([
        ...['usage', 'working set', 'peak', 'anon', 'file', 'kernel', 'swap', 'limit hits', 'OOM kills', 'processes'],
        ...(existsSync(`${group.path}/memory.pressure`) ? ['stalled', 'all stalled'] : []),
      ]),
    );
    expect(lines.at(-5)).toBe('  processes    2; pages that they share count in the RSS of each');
    expect(lines.at(-4)).toMatch(/^ {6}PID {8}RSS {2}COMMAND$/);
    expect(lines.at(-3)).toMatch(
      new RegExp(`^ +${shell.pid} +[\\d.]+ [KM]iB {2}sh -c read -r _; cat; true \\\\u001b\\[2J$`),
    );
    expect(lines.at(-2)).toMatch(/^ +\d+ +[\d.]+ [KM]iB {4}cat$/);
  });

  test("of memcage's own init, what it has started", async () => {
    const child = memcageSpawn('sleep', ['1000'], { memory: '20M', namespaces: { pid: { init: true } } });
    const target = String(child.pid);
    const { stdout } = await runCli(['stat', target]);
    child.kill('SIGKILL');
    await child.outcome;
    const commands = stdout.split('\n').slice(-3);
    expect(commands).toEqual([
      expect.stringMatching(/iB {2}memcage-exec \(init\) sleep 1000$/) as string,
      expect.stringMatching(/iB {4}sleep 1000$/) as string,
      '',
    ]);
  });

  test('of its own cgroup, whose limit may be that of another, or the machine', async () => {
    const end = await runCli(['stat']);
    if (cgroupOf('self') === mountPoint('memory') && version === 2) {
      expect(end).toMatchObject({ code: 125, stdout: '' });
      expect(end.stderr).toMatch(
        /^memcage: .* is the root of the hierarchy, which has no limits and no count of its use\n$/,
      );
      return;
    }
    expect(end).toMatchObject({ code: 0, stderr: '' });
    expect(end.stdout).toMatch(/dist\/cli\.js stat$/m);
    expect(read(group.path, files.limit)).toBe(String(64 << 20));
  });

  testRows(
    'a wrong command line is refused',
    [
      [['stat', 'no-such-cgroup-at-all'], /^memcage: No cgroup/],
      [['stat', '/no/such/cgroup'], /^memcage: .*\/no\/such\/cgroup/],
      [['stat', '4194303'], /^memcage: .*4194303/],
      [['stat', 'a', 'b'], /^memcage: stat takes one cgroup, not 'b' as well \(see memcage stat --help\)\n/],
      [['stat', '--jsn'], /^memcage: Unknown option '--jsn'/],
    ],
    async ([args, message]) => {
      const { code, stdout, stderr } = await runCli(args);
      expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
      expect(stderr).toMatch(message);
    },
  );
});
