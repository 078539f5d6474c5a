import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { cageOf } from 'memcage/machine';
import { cagesOf, makeCgroup, members, version } from '../../../support/cgroups/cgroup-tree';
import { runCli } from '../../../support/cli/cli';
import { TerminalSession } from '../../../support/cli/terminal';
import { patience } from '../../../support/patience';
import { makeGuardPlace, type Running, startOwner, WITHOUT_GUARDIAN } from '../../../support/processes/owner-fixture';
import { endNow, hasEnded, isAlive } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

jest.setTimeout(patience(60_000));

interface Entry {
  path: string;
  kind: string;
  parent: string | null;
  owner: { pid: number | null; command: string[]; alive: boolean };
  limitBytes: number | 'max';
  usageBytes: number;
  processes: number;
}

interface Collected {
  path: string;
  kind: string;
  ownerPid: number | null;
  pids: number[];
  result: string;
}

const LIBRARY = join(__dirname, '../../../../dist/index.js');
const UTF8 = { env: { ...process.env, LC_ALL: 'C.UTF-8' } };

/** Others may have cages on this machine too. */
async function list(below: string): Promise<Entry[]> {
  const { code, stdout, stderr } = await runCli(['ls', '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return (JSON.parse(stdout) as Entry[]).filter(({ path }) => path.startsWith(`${below}/`));
}

/** The lines of an owner and of what is below it. */
function groupOf(stdout: string, pid: number): string[] {
  const lines = stdout.trimEnd().split('\n');
  const first = lines.findIndex((line) => line.startsWith(`${pid} `));
  const next = lines.findIndex((line, index) => index > first && /^\d|^hidden/.test(line));
  return lines.slice(first, next === -1 ? undefined : next);
}

async function collect(owner: number, ...options: string[]): Promise<Collected[]> {
  const { stdout, stderr } = await runCli(['gc', '--json', ...options]);
  expect(stderr).toBe('');
  return (JSON.parse(stdout) as Collected[]).filter(({ ownerPid }) => ownerPid === owner);
}

describeIf(['cgroup', 'root'], 'the cages of an owner', () => {
  let parent: ReturnType<typeof makeCgroup>;
  let place: ReturnType<typeof makeGuardPlace>;
  let running: Running;

  beforeEach(async () => {
    parent = makeCgroup();
    place = makeGuardPlace();
    running = await startOwner('wait', parent.path, { ...WITHOUT_GUARDIAN, as: place.as });
  });
  afterEach(async () => {
    const { owner } = running;
    running.process.kill('SIGKILL');
    await running.end;
    for (const pid of [...owner.members, ...owner.detached.members]) endNow(pid);
    await until('all have ended', () => [...owner.members, ...owner.detached.members].every((pid) => !isAlive(pid)));
    await runCli(['gc']);
    expect(cagesOf(owner.pid)).toEqual([]);
    await place.remove();
    parent.remove();
  });

  async function killOwner(): Promise<void> {
    running.process.kill('SIGKILL');
    await running.end;
  }

  test('ls shows them with the owner, alive, then dead, detached ones too; gc leaves the living alone', async () => {
    const { owner } = running;
    const alive = await list(parent.path);
    // A child of a shared cage has a leaf in it.
    const cages = [...new Set(owner.cgroups.map((path) => /^.*?\/memcage-\d+-[0-9a-f]+\/\d+/.exec(path)?.[0]))];
    // One more cage may have been made ahead.
    expect(
      alive
        .filter(({ processes }) => processes > 0)
        .map(({ path }) => path)
        .sort(),
    ).toEqual([...cages, owner.detached.cgroup].sort());
    for (const { path, kind, owner: of, limitBytes, usageBytes, processes } of alive) {
      expect(kind).toBe(path === owner.detached.cgroup ? 'detached' : 'cage');
      expect(of).toEqual({
        pid: owner.pid,
        command: [process.execPath, expect.stringMatching(/owner\.js$/), 'wait', parent.path],
        alive: true,
      });
      expect(limitBytes).toBe(64 << 20);
      if (processes > 0) expect(usageBytes).toBeGreaterThan(0);
      expect(processes).toBe(members(path).length);
    }
    const paths = (await runCli(['ls', '-q'])).stdout.trimEnd().split('\n');
    expect(paths).toEqual(expect.arrayContaining(alive.map(({ path }) => path)));
    const { stdout } = await runCli(['ls'], UTF8);
    expect(stdout).toMatch(/^NAME +USAGE +\/ LIMIT +% +PIDS +COMMAND$/m);
    // The owner, and its cages below it.
    const own = groupOf(stdout, owner.pid);
    expect(own[0]).toMatch(/^\d+ +node .*owner\.js wait /);
    expect(own.slice(1).every((line) => /^[├└│ ]/.test(line))).toBe(true);
    expect(own.join('\n')).toMatch(new RegExp(`^[├└]─ ${owner.pid}/\\d+ .* / 64 MiB .* 3  `, 'm'));
    expect(own.join('\n')).toMatch(new RegExp(`^[├└]─ ${cageOf(owner.detached.cgroup)?.label} .* / 64 MiB `, 'm'));

    const before = cagesOf(owner.pid);
    expect(await collect(owner.pid)).toEqual([]);
    expect(cagesOf(owner.pid)).toEqual(before);
    expect([...owner.members, ...owner.detached.members].filter((pid) => !isAlive(pid))).toEqual([]);

    await killOwner();
    const dead = await list(parent.path);
    expect(dead.map(({ path }) => path).sort()).toEqual(alive.map(({ path }) => path).sort());
    for (const { owner: of } of dead) expect(of).toEqual({ pid: owner.pid, command: [], alive: false });
    const after = (await runCli(['ls'], UTF8)).stdout;
    const left = groupOf(after, owner.pid);
    expect(left[0]).toMatch(/^\d+ +dead: memcage gc removes what it has left$/);
    expect(left.join('\n')).toMatch(new RegExp(`^[├└]─ ${cageOf(owner.detached.cgroup)?.label} `, 'm'));
  });

  test('gc kills and removes what a dead one left, and not its detached children', async () => {
    const { owner } = running;
    await killOwner();
    // The owner's children end with it, but not the processes that they started.
    await until('its children have ended', () => !owner.main.some(isAlive));
    const left = owner.members.filter(isAlive);
    expect(left.length).toBeGreaterThan(0);
    const before = cagesOf(owner.pid);

    const planned = await collect(owner.pid, '--dry-run');
    expect(planned.map(({ result }) => result)).toEqual(planned.map(() => 'would be removed'));
    expect(cagesOf(owner.pid)).toEqual(before);
    expect(left.filter((pid) => !isAlive(pid))).toEqual([]);

    const done = await collect(owner.pid);
    expect(done.map(({ path }) => path)).toEqual(planned.map(({ path }) => path));
    for (const { kind, pids, result } of done) {
      expect({ kind, result }).toEqual({ kind: 'owner', result: 'removed' });
      expect(pids.sort()).toEqual([...left].sort());
    }
    // The one in the memory hierarchy, and on v1 the kill cgroup.
    expect(done.length).toBeGreaterThanOrEqual(version === 1 ? 2 : 1);
    expect(await Promise.all(left.map(hasEnded))).toEqual(left.map(() => true));
    expect(owner.detached.members.filter((pid) => !isAlive(pid))).toEqual([]);
    expect(cagesOf(owner.pid).every((path) => path.includes('memcage-detached-'))).toBe(true);
    expect((await list(parent.path)).map(({ path, kind, owner: { alive } }) => ({ path, kind, alive }))).toEqual([
      { path: owner.detached.cgroup, kind: 'detached', alive: false },
    ]);
  });

  test('gc for people', async () => {
    const { owner } = running;
    await killOwner();
    for (const pid of owner.detached.members) endNow(pid);
    await until('they have ended', () => members(owner.detached.cgroup).length === 0);
    const { code, stdout } = await runCli(['gc']);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^removed: cages of process ${owner.pid}, \\d+ processes: ${parent.path}/`, 'm'));
    expect(stdout).toMatch(
      new RegExp(`^removed: a detached cage of process ${owner.pid}: ${owner.detached.cgroup}$`, 'm'),
    );
    expect(cagesOf(owner.pid)).toEqual([]);
  });
});

describeIf('cgroup', 'memcage ls', () => {
  test('a budget is one line, and --all lists its jobs, and what is kept ready', async () => {
    const script = `const { createBudget, spawn } = require(${JSON.stringify(LIBRARY)});
      const budget = createBudget({ memory: '40M' });
      for (const each of [1001, 1002, 1003]) void budget.run('sleep', [String(each)], { memory: '16M' });
      const start = (file) => spawn(file, { memory: '30M' });
      start('true').once('exit', () => start('cat'));`;
    const program = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'ignore', 'inherit'] });
    const exit = once(program, 'exit');
    const read = async (...options: string[]) =>
      groupOf((await runCli(['ls', ...options], UTF8)).stdout, program.pid ?? 0);
    try {
      const { pid } = program;
      await until(
        'all are there',
        async () => (await read('-a')).join().match(/sleep.*sleep.*cat.*kept ready/) !== null,
      );
      const lines = await read();
      expect(lines).toHaveLength(3);
      expect(lines[0]).toMatch(/^\d+ +node -e const/);
      expect(lines[1]).toMatch(new RegExp(`^├─ ${pid}/budget-1 .* 2  2 jobs: --all lists them$`));
      expect(lines[2]).toMatch(new RegExp(`^└─ ${pid}/\\d+ .* / 30 MiB .* 1  cat$`));
      const all = await read('--all');
      expect(all).toHaveLength(6);
      expect(all[1]).toMatch(/ 2 {2}2 jobs$/);
      expect(all[2]).toMatch(/^│ {2}├─ \d+ .* \/ 16 MiB .* sleep 100[12]$/);
      expect(all[3]).toMatch(/^│ {2}└─ \d+ .* \/ 16 MiB .* sleep 100[12]$/);
      expect(all[5]).toMatch(new RegExp(`^└─ ${pid}/\\d+ .* 0  kept ready for the next child$`));
      // Programs get every cage, with the one around it.
      const entries = await list('');
      const budget = entries.find(({ kind, owner }) => kind === 'budget' && owner.pid === pid);
      expect(entries.filter(({ parent }) => parent === budget?.path)).toHaveLength(2);
      const terminal = TerminalSession.memcage(['ls', '--all'], { columns: 80, lines: 60 });
      const shown = await terminal.shows('kept ready');
      expect(shown.find((line) => line.startsWith(`${pid} `))).toMatch(/^\d+ +node -e const .*…$/);
      expect(shown.filter((line) => line !== '' && !/^(NAME|[├└│ ]|\d+ |hidden )/.test(line))).toEqual([]);
      await terminal.close();
    } finally {
      program.kill();
      await exit;
    }
  });
});
