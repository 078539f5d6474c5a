import { once } from 'node:events';
import { createCage, run, spawn } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { allocate, said } from '../../support/cage-kinds';
import { readKey, write } from '../../support/cgroups/cgroup-tree';
import { home, makeInHome } from '../../support/cgroups/v2-home';
import { kernelHas } from '../../support/kernel-version';
import { expectNothingLeft } from '../../support/nothing-left';
import { stateOf } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

describeIf('v2', 'oomGroup', () => {
  let parent: ReturnType<typeof makeInHome>;
  beforeEach(() => {
    parent = makeInHome();
    write(parent.path, 'cgroup.subtree_control', '+memory');
  });
  afterEach(() => parent.remove());
  expectNothingLeft(() => run('true', { memory: '8M', parent: home() }), { parents: true });

  /** Linux counts groups since 5.17. */
  const groups = (count: number): number => (kernelHas(5, 17) ? count : Number.NaN);

  /** The parent counts what happens in the cages below it, even once they are removed. */
  function counts(): number[] {
    return ['oom_kill', 'oom_group_kill'].map((key) => readKey(parent.path, 'memory.events', key));
  }

  // A bystander beside the greedy process. Only a group kill ends it by SIGKILL. It reads from fd 3, since what a shell
  // starts in the background has /dev/null as stdin.
  const withBystander = `exec 3<&0; sh -c 'echo ready; read -r _' <&3 & ${allocate(64)}; echo survived; wait`;

  test.each([
    [true, [2, 3, 4], 1],
    [false, [1], 0],
  ] as const)('%p in a private cage', async (oomGroup, kills, groupKills) => {
    const child = spawn('sh', ['-c', withBystander], {
      memory: { max: '16M', oomGroup },
      parent: parent.path,
      stdio: 'pipe',
    });
    let output = '';
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString();
      // Without the group kill, all but the greedy process live on.
      if (output.includes('survived')) child.stdin.end();
    });
    const closed = once(child, 'close');
    const { oom, signal } = await child.outcome;
    await closed;
    const [killed = 0, asGroup] = counts();
    expect(kills).toContain(killed);
    expect(asGroup).toBe(groups(groupKills));
    expect(oom).toMatchObject({ cause: 'limit', kills: killed });
    expect(signal).toBe(oomGroup ? 'SIGKILL' : null);
    expect(output.includes('survived')).toBe(!oomGroup);
  });

  test.each([true, false])('%p in a shared cage', async (oomGroup) => {
    const cage = createCage({ memory: { max: '16M', oomGroup }, parent: parent.path });
    const bystander = cage.spawn('sh', ['-c', 'echo ready; read -r _'], { stdio: 'pipe' });
    await said(bystander, 'ready');
    // What it takes on its way to reading could be refused while the greedy one is being killed: the kernel may then choose it.
    await until('it reads', () => stateOf(bystander.pid ?? 0) === 'S');
    const greedy = await cage.run('sh', ['-c', `exec ${allocate(64)}`], { reject: false });
    expect(greedy.oom?.cause).toBe('limit');
    bystander.stdin.end();
    const { signal, oom } = await bystander.outcome;
    expect({ signal, cause: oom?.cause }).toEqual(
      oomGroup ? { signal: 'SIGKILL', cause: 'limit' } : { signal: null, cause: undefined },
    );
    const { oom_kill: kills, oom_group_kill: groupKills = Number.NaN } = cage.cgroup.counts();
    // The kernel may count the process that it chose again with its group.
    expect(oomGroup ? [2, 3] : [1]).toContain(kills);
    expect(groupKills).toBe(groups(oomGroup ? 1 : 0));
    expect(counts()).toEqual([kills, groupKills]);
    // The caller is alive, and can start the next child.
    expect(await cage.run('true')).toMatchObject({ exitCode: 0 });
    await cage.close();
  });

  test('counts() counts where, with and without the cgroups below', async () => {
    await run('sh', ['-c', `exec ${allocate(64)}`], { memory: '16M', parent: parent.path, reject: false });
    using above = Cgroup.open(parent.path);
    const { oom_group_kill: groupKills = Number.NaN, ...events } = above.counts();
    expect(events).toMatchObject({ oom: 1, oom_kill: 1, low: 0 });
    expect(groupKills).toBe(groups(0));
    expect(above.counts({ local: true })).toMatchObject({ oom: 0, oom_kill: 0 });
    expect(() => above.counts({ locl: true } as object)).toThrow(
      expect.objectContaining({ code: 'ERR_MEMCAGE_UNKNOWN_OPTION' }),
    );
    for (const wrong of [null, 5, { local: 1 }]) {
      expect(() => above.counts(wrong as object)).toThrow(
        expect.objectContaining({ code: 'ERR_MEMCAGE_INVALID_ARGUMENT' }),
      );
    }
  });
});
