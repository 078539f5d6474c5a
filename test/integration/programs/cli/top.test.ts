import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { files, makeCgroup, members, mountPoint, openCages, readNumber } from '../../../support/cgroups/cgroup-tree';
import { type Cli, runCli, startCli } from '../../../support/cli/cli';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

jest.setTimeout(patience(60_000));

interface Row {
  name: string;
  path: string;
  parent: string | null;
  command: string[];
  cpuPercent: number | null;
  usageBytes: number;
  limitBytes: number;
  percent: number;
  peakBytes: number | null;
  workingSetBytes: number;
  anonBytes: number;
  fileBytes: number;
  swapBytes: number;
  processes: number;
  oomKills: number | null;
}

const MAIN = join(__dirname, '../../../../dist/index.js');
const MEMCAGE = join(__dirname, '../../../../dist/cli.js');
const HOLD = 'const kept = Buffer.alloc(20 << 20, 1); console.log("ready"); setInterval(() => kept, 1000)';
const HOG = 'Buffer.alloc(1 << 30, 1)';

async function sample(...args: string[]): Promise<Row[]> {
  const { code, stdout, stderr } = await runCli(['top', '--once', '--json', ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Row[];
}

describeIf('cgroup', 'memcage top without a terminal', () => {
  let group: ReturnType<typeof makeCgroup>;
  let other: ReturnType<typeof makeCgroup>;
  let child: ChildProcess;
  let cli: Cli;
  let cage: string;

  beforeAll(async () => {
    group = makeCgroup('64M');
    other = makeCgroup('32M');
    // It is moved into the cgroup before it allocates.
    child = spawn('sh', ['-c', 'read -r _; exec "$0" -e "$1"', process.execPath, HOLD], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    writeFileSync(`${group.path}/cgroup.procs`, String(child.pid));
    child.stdin?.write('go\n');
    if (child.stdout) await once(child.stdout, 'data');
    // The kernel kills one of its processes for memory.
    const script = `"$0" -e '${HOG}' 2> /dev/null; echo ready; exec sleep 1000`;
    cli = startCli(['run', '-m', '50M', 'sh', '-c', script, process.execPath]);
    await until('the command is ready', () => cli.stdout().includes('ready'));
    cage = openCages(cli.pid).find((path) => members(path).length > 0 && path.includes('memory')) ?? '';
    cage ||= openCages(cli.pid).find((path) => members(path).length > 0) ?? '';
  });
  afterAll(async () => {
    cli.process.kill('SIGTERM');
    await cli.end;
    child.kill('SIGKILL');
    await once(child, 'exit');
    await until('it is empty', () => members(group.path).length === 0);
    group.remove();
    other.remove();
  });

  test('all cages, and nothing else', async () => {
    const rows = await sample();
    const row = rows.find(({ path }) => path === cage);
    expect(row).toMatchObject({
      name: `${cli.pid}/1`,
      command: expect.arrayContaining(['sleep']) as string[],
      limitBytes: 50 << 20,
      swapBytes: 0,
      processes: 1,
      oomKills: 1,
    });
    expect(row?.peakBytes).toBe(50 << 20);
    expect(row?.parent).toBeNull();
    expect(rows.some(({ path }) => path === group.path)).toBe(false);
  });

  test('a cgroup, by its path and a pid in it: the numbers of the kernel', async () => {
    const rows = await sample(group.path, String(child.pid));
    expect(rows).toHaveLength(1);
    const [row] = rows;
    expect(row).toMatchObject({ path: group.path, limitBytes: 64 << 20, processes: 1, swapBytes: 0, oomKills: 0 });
    expect(row?.name.endsWith(`/${basename(group.path)}`)).toBe(true);
    expect(row?.anonBytes).toBeGreaterThan(20 << 20);
    expect(row?.usageBytes).toBeGreaterThanOrEqual(row?.anonBytes ?? 0);
    expect(row?.workingSetBytes).toBeLessThanOrEqual(row?.usageBytes ?? 0);
    expect(row?.percent).toBeCloseTo(((row?.usageBytes ?? 0) / (64 << 20)) * 100, 6);
    // Nothing changes its usage now.
    expect(Math.abs((row?.usageBytes ?? 0) - readNumber(group.path, files.usage))).toBeLessThan(4 << 20);
  });

  test('its names are what other commands take', async () => {
    const rows = [...(await sample()), ...(await sample(group.path))];
    const named = rows.filter(({ path }) => path === cage || path === group.path);
    expect(named).toHaveLength(2);
    for (const { name, path } of named) {
      const { code, stdout } = await runCli(['stat', name, '--json']);
      expect({ code, path: (JSON.parse(stdout) as { path: string }).path }).toEqual({ code: 0, path });
    }
    expect(await runCli(['stat', '1/budget-1/1'])).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('no cage 1/budget-1/1. Cure: one that memcage ls --all shows') as string,
    });
  });

  test('a cage that is kept ready for the next child is not there, an empty one for many is', async () => {
    const script = `const { createCage, spawn } = require(${JSON.stringify(MAIN)});
      createCage({ memory: '40M' });
      const start = (file) => spawn(file, { memory: '30M' });
      start('true').once('exit', () => start('cat'));`;
    const program = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
    const exit = once(program, 'exit');
    try {
      const cages = () => openCages(program.pid ?? 0).filter((path) => path.startsWith(mountPoint('memory')));
      await until('all are there', () => cages().length === 3);
      const shown = (await sample()).filter(({ path }) => cages().includes(path));
      const found = shown.map(({ limitBytes, processes }) => ({ limitBytes, processes }));
      expect(found.sort((a, b) => b.limitBytes - a.limitBytes)).toEqual([
        { limitBytes: 40 << 20, processes: 0 },
        { limitBytes: 30 << 20, processes: 1 },
      ]);
    } finally {
      program.kill();
      await exit;
    }
  });

  test('a child in a cage has its pid as its name, and is in the cage', async () => {
    const script = `const cage = require(${JSON.stringify(MAIN)}).createCage({ memory: '40M' });
      cage.spawn('sleep', ['1000']);
      cage.spawn('sleep', ['1001'], { memory: '20M' });
      console.log(cage.cgroup.path);`;
    const program = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = once(program, 'exit');
    try {
      const [out] = (await once(program.stdout, 'data')) as [Buffer];
      const path = String(out).trim();
      await until('both have started', () => members(path).length === 2);
      const [all, ...rows] = (await sample(path)).sort((a, b) => a.path.length - b.path.length);
      expect(all).toMatchObject({ path, parent: null, processes: 2 });
      expect(rows.map(({ command, parent, limitBytes }) => ({ command, parent, limitBytes }))).toEqual([
        { command: ['sleep', '1001'], parent: path, limitBytes: 20 << 20 },
        { command: ['sleep', '1000'], parent: path, limitBytes: 40 << 20 },
      ]);
      const child = rows.find(({ limitBytes }) => limitBytes === 40 << 20);
      const { stdout } = await runCli(['stat', child?.name ?? '', '--json']);
      expect(JSON.parse(stdout)).toMatchObject({ path: child?.path });
      // Other cages of the machine are not there, and the whole line is.
      const lines = (await runCli(['top', '--once', path], { env: { ...process.env, LC_ALL: 'C.UTF-8' } })).stdout;
      expect(lines).toMatch(
        /^NAME.*\n\d+\/1 .* 2 children of .*node -e .*\n├─ \d+ .* sleep 100[01]\n└─ \d+ .* sleep 100[01]\n$/s,
      );
    } finally {
      program.kill();
      await exit;
    }
  });

  test('--all has every cgroup with processes, and the filter picks some', async () => {
    const rows = await sample('--all');
    expect(rows.map(({ path }) => path)).toEqual(expect.arrayContaining([group.path, cage]));
    expect(rows.some(({ path }) => path === other.path)).toBe(false);
    const filtered = await sample('--all', '--filter', basename(group.path).toUpperCase());
    expect(filtered.map(({ path }) => path)).toEqual([group.path]);
  });

  test('the cage of another owner within a cage: ls says the same', async () => {
    const words = ['run', '-m', '20M', '--', 'sleep', '1002'];
    const outer = startCli(['run', '-m', '60M', '--', process.execPath, MEMCAGE, ...words]);
    try {
      // The first process of the cage around may be this one, too.
      const look = async () => {
        const rows = await sample();
        const around = rows.find(({ name }) => name === `${outer.pid}/1`);
        const isInner = ({ path, command }: Row) => path !== around?.path && command.join(' ') === 'sleep 1002';
        return { around, inner: rows.find(isInner) };
      };
      await until('the inner one is there', async () => (await look()).inner !== undefined);
      const { around, inner } = await look();
      expect(inner).toMatchObject({ parent: around?.path });
      const listed = JSON.parse((await runCli(['ls', '--json'])).stdout) as Row[];
      expect(listed.find(({ path }) => path === inner?.path)).toMatchObject({ parent: around?.path });
      expect(listed.find(({ path }) => path === around?.path)).toMatchObject({ parent: null });
    } finally {
      outer.process.kill('SIGTERM');
      await outer.end;
    }
  });

  test('a filter that hides everything ends nothing, and is named', async () => {
    const { stdout } = await runCli(['top', '--once', '--filter', 'nothing such', group.path]);
    expect(stdout).toBe('Nothing has "nothing such" in its name, path or command.\n');
    const stream = startCli(['top', '--json', '-i', '0.1', '--filter', 'nothing such', group.path]);
    await until('two samples', () => stream.stdout().split('\n').length > 2);
    stream.process.kill('SIGTERM');
    expect(await stream.end).toMatchObject({ signal: 'SIGTERM', stderr: '' });
    expect(JSON.parse(stream.stdout().split('\n')[0] ?? '')).toMatchObject({ cgroups: [] });
  });

  test.each([
    [['--sort', 'limit'], true],
    [['-s', 'pids', '-r'], false],
  ])('%j', async (options, isBigFirst) => {
    const paths = (await sample(other.path, group.path, ...options)).map(({ path }) => path);
    expect(paths).toEqual(isBigFirst ? [group.path, other.path] : [other.path, group.path]);
  });

  test('a table for people, without colours or control sequences', async () => {
    const { code, stdout, stderr } = await runCli(['top', '--once', group.path, other.path]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [titles = '', first = '', second = '', ...rest] = stdout.split('\n');
    expect(titles).toMatch(/^NAME +USAGE +\/ LIMIT +% +CPU % +PEAK +WORKING +ANON +FILE +SWAP +PIDS +OOM +COMMAND$/);
    expect(first).toMatch(new RegExp(`${basename(group.path)} +[\\d.]+ MiB +/ 64 MiB +\\d+\\.\\d +.* +1 +0 +\\S.*$`));
    expect(second).toMatch(new RegExp(`${basename(other.path)} .* / 32 MiB .* 0 +0$`));
    expect(rest).toEqual(['']);
    expect(stdout).not.toContain('\x1b');
  });

  test('a line of JSON for each sample, until all that were named are gone', async () => {
    const gone = makeCgroup('16M');
    const stream = startCli(['top', '--json', '-i', '0.1', gone.path]);
    await until('three samples', () => stream.stdout().split('\n').length > 3);
    gone.remove();
    const { code, stdout, stderr } = await stream.end;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const samples = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { timeMs: number; cgroups: Row[] });
    const times = samples.map(({ timeMs }) => timeMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(samples.every(({ cgroups }) => cgroups.length === 1 && cgroups[0]?.limitBytes === 16 << 20)).toBe(true);
  });

  test('a table for each sample, where there is no terminal; colours when they are asked for', async () => {
    const stream = startCli(['top', '-i', '0.1', group.path], { env: { ...process.env, FORCE_COLOR: '1' } });
    await until('two tables', () => stream.stdout().split('NAME').length > 2);
    expect(stream.stdout()).toContain('\x1b[36mUSAGE\x1b[39m');
    stream.process.kill('SIGTERM');
    expect(await stream.end).toMatchObject({ signal: 'SIGTERM', stderr: '' });
  });
});
