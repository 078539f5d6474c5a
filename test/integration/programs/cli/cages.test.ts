import { cagesOf, makeCgroup, members, version } from '../../../support/cgroups/cgroup-tree';
import { runCli } from '../../../support/cli/cli';
import { patience } from '../../../support/patience';
import { makeGuardPlace, type Running, startOwner, WITHOUT_GUARDIAN } from '../../../support/processes/owner-fixture';
import { endNow, hasEnded, isAlive } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

jest.setTimeout(patience(60_000));

interface Entry {
  path: string;
  kind: string;
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

/** Others may have cages on this machine too. */
async function list(below: string): Promise<Entry[]> {
  const { code, stdout, stderr } = await runCli(['ls', '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return (JSON.parse(stdout) as Entry[]).filter(({ path }) => path.startsWith(`${below}/`));
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
    const { stdout } = await runCli(['ls']);
    expect(stdout).toMatch(/^ *OWNER +STATE +USAGE +LIMIT +PROCESSES/);
    expect(stdout).toMatch(new RegExp(`^ *${owner.pid}  alive .* 64 MiB +3 .*${parent.path}/`, 'm'));

    const before = cagesOf(owner.pid);
    expect(await collect(owner.pid)).toEqual([]);
    expect(cagesOf(owner.pid)).toEqual(before);
    expect([...owner.members, ...owner.detached.members].filter((pid) => !isAlive(pid))).toEqual([]);

    await killOwner();
    const dead = await list(parent.path);
    expect(dead.map(({ path }) => path).sort()).toEqual(alive.map(({ path }) => path).sort());
    for (const { owner: of } of dead) expect(of).toEqual({ pid: owner.pid, command: [], alive: false });
    const after = (await runCli(['ls'])).stdout;
    expect(after).toMatch(new RegExp(`^ *${owner.pid}  dead `, 'm'));
    expect(after).toMatch(new RegExp(`^ *${owner.pid}  on its own .* detached .*${owner.detached.cgroup}$`, 'm'));
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
