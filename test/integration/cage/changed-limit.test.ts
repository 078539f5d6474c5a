import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { type Caged, createCage, run, type SharedCage } from 'memcage';
import { Cgroup } from 'memcage/cgroup';
import { allocate, said } from '../../support/cage-kinds';
import { limitOf, makeBelow, removeTree, version, write } from '../../support/cgroups/cgroup-tree';
import { runCli } from '../../support/cli/cli';
import { expectNothingLeft } from '../../support/nothing-left';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';

const MIB = 2 ** 20;
const LIMIT_FILE = version === 1 ? 'memory.limit_in_bytes' : 'memory.max';
const WELL = { exitCode: 0, oom: null };

/** Says that it runs, and works once it is told to. */
function waiting(work: string): [string, string[]] {
  return ['sh', ['-c', `echo runs; read -r _; ${work}`]];
}

describeIf('cgroup', 'the limit of a cage of many is changed', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  const cages: SharedCage[] = [];

  function make(...[options]: Parameters<typeof createCage>): SharedCage {
    const cage = createCage(options);
    cages.push(cage);
    return cage;
  }

  afterEach(async () => {
    for (const cage of cages.splice(0).reverse()) await cage.close();
  });

  /** A child that starts now. Resolves, once it runs, with what has it work and ends it. */
  async function begin(cage: SharedCage, work: string) {
    const child = cage.spawn(...waiting(work), {}) as ChildProcessWithoutNullStreams & Caged;
    await said(child, 'runs');
    const end = () => {
      child.stdin.end('\n');
      return child.outcome;
    };
    return { child, end };
  }

  const RAISES: Record<string, (cage: SharedCage) => unknown> = {
    'setLimits()': ({ cgroup }) => cgroup.setLimits('100M'),
    'setLimits() of another handle': ({ cgroup: { path } }) => {
      using cgroup = Cgroup.open(path);
      cgroup.setLimits({ max: '100M' });
    },
    'memcage limit': async ({ cgroup: { path } }) => await runCli(['limit', path, '--memory', '100M']),
    'set()': ({ cgroup }) => {
      if (cgroup.version === 2) cgroup.set('memory.max', '100M');
      else {
        if (cgroup.limits().swap !== undefined) cgroup.set('memory.memsw.limit_in_bytes', '100M');
        cgroup.set('memory.limit_in_bytes', '100M');
      }
    },
  };

  testRows('a higher limit holds at once, for children from before and after', Object.keys(RAISES), async (name) => {
    const cage = make({ memory: '30M' });
    const early = await begin(cage, allocate(60));
    await RAISES[name]?.(cage);
    const late = await begin(cage, allocate(60));
    for (const { child } of [early, late]) {
      using leaf = Cgroup.of(child.pid as number);
      const { max, swap = 0 } = leaf.limits();
      expect({ max, swap }).toEqual({ max: 100 * MIB, swap: 0 });
    }
    for (const { end } of [early, late]) {
      expect(await end()).toMatchObject({ ...WELL, memory: { limitBytes: 100 * MIB } });
    }
  });

  test('lower while the leaf of a new child has no limit yet: its first one is not refused', () => {
    const cage = make({ memory: '100M' });
    const leaf = makeBelow(cage.cgroup.path, 'leaf-99');
    try {
      cage.cgroup.setLimits('50M');
      write(leaf, LIMIT_FILE, '100M');
      expect(limitOf(leaf)).toBe(100 * MIB);
    } finally {
      removeTree(leaf);
    }
  });

  test('who takes more than that is killed for it', async () => {
    const cage = make({ memory: '20M' });
    const { path } = cage.cgroup;
    const early = await begin(cage, `exec ${allocate(90)}`);
    cage.cgroup.setLimits('50M');
    const verdict = { oom: { cause: 'limit', limitBytes: 50 * MIB, path, kills: 1 }, memory: { limitBytes: 50 * MIB } };
    expect(await early.end()).toMatchObject(verdict);
    expect(await (await begin(cage, `exec ${allocate(90)}`)).end()).toMatchObject(verdict);
  });

  test('a lower limit holds at once, and can be raised again', async () => {
    const cage = make({ memory: '100M' });
    const { path } = cage.cgroup;
    const [first, second] = [await begin(cage, `exec ${allocate(60)}`), await begin(cage, allocate(60))];
    cage.cgroup.setLimits('30M');
    const verdict = { oom: { cause: 'limit', limitBytes: 30 * MIB, path, kills: 1 }, memory: { limitBytes: 30 * MIB } };
    expect(await first.end()).toMatchObject(verdict);
    expect(await (await begin(cage, `exec ${allocate(60)}`)).end()).toMatchObject(verdict);
    cage.cgroup.setLimits('100M');
    expect(await second.end()).toMatchObject({ ...WELL, memory: { limitBytes: 100 * MIB } });
  });

  test('to none, and to one again', async () => {
    const cage = make({ memory: '30M' });
    const early = await begin(cage, allocate(60));
    cage.cgroup.setLimits('max');
    const late = await begin(cage, `${allocate(60)}; echo again; read -r _; exec ${allocate(60)}`);
    expect(await early.end()).toMatchObject({ ...WELL, memory: { limitBytes: Number.POSITIVE_INFINITY } });
    late.child.stdin.write('\n');
    await said(late.child, 'again');
    cage.cgroup.setLimits('30M');
    expect(await late.end()).toMatchObject({ oom: { cause: 'limit', kills: 1 }, memory: { limitBytes: 30 * MIB } });
  });

  describe('with cages in it', () => {
    test('an outer one: the children of the inner may take more', async () => {
      const outer = make({ memory: '30M' });
      const inner = outer.contain(() => make({ memory: '200M' }));
      const early = await begin(inner, allocate(60));
      outer.cgroup.setLimits('100M');
      for (const { end } of [early, await begin(inner, allocate(60))]) {
        expect(await end()).toMatchObject({ ...WELL, memory: { limitBytes: 200 * MIB } });
      }
    });

    test('an inner one', async () => {
      const outer = make({ memory: '100M' });
      const inner = outer.contain(() => make({ memory: '30M' }));
      const early = await begin(inner, allocate(60));
      inner.cgroup.setLimits('80M');
      for (const { end } of [early, await begin(inner, allocate(60))]) {
        expect(await end()).toMatchObject({ ...WELL, memory: { limitBytes: 80 * MIB } });
      }
    });

    test('a limit of their own stays, even if it was the same', async () => {
      const outer = make({ memory: '30M' });
      const inner = outer.contain(() => make({ memory: '30M' }));
      const child = outer.spawn('sh', ['-c', `read -r _; exec ${allocate(60)}`], { memory: '30M' });
      const { path } = child.cage.cgroup;
      outer.cgroup.setLimits('100M');
      child.stdin.end('\n');
      const own = { cause: 'limit', limitBytes: 30 * MIB };
      expect(await child.outcome).toMatchObject({ oom: { ...own, path }, memory: { limitBytes: 30 * MIB } });
      const { oom } = await (await begin(inner, `exec ${allocate(60)}`)).end();
      expect(oom).toMatchObject({ ...own, path: inner.cgroup.path });
    });
  });

  test('a lower limit that somebody gave one child stays, and the verdict says whose it was', async () => {
    const cage = make({ memory: '50M' });
    const { child, end } = await begin(cage, `exec ${allocate(60)}`);
    using leaf = Cgroup.of(child.pid as number);
    leaf.setLimits('30M');
    cage.cgroup.setLimits('100M');
    const { path } = leaf;
    expect(await end()).toMatchObject({
      oom: { cause: 'limit', limitBytes: 30 * MIB, path },
      memory: { limitBytes: 30 * MIB },
    });
  });

  test('by a program that knows of no leaves: it holds for the children that start later', async () => {
    const cage = make({ memory: '30M' });
    const { path } = cage.cgroup;
    const early = await begin(cage, `exec ${allocate(60)}`);
    if (cage.cgroup.limits().swap !== undefined && version === 1) write(path, 'memory.memsw.limit_in_bytes', '100M');
    write(path, LIMIT_FILE, '100M');
    expect(await (await begin(cage, allocate(60))).end()).toMatchObject(WELL);
    using leaf = Cgroup.of(early.child.pid as number);
    expect(await early.end()).toMatchObject({
      oom: { cause: 'limit', limitBytes: 30 * MIB, path: leaf.path },
      memory: { limitBytes: 30 * MIB },
    });
  });

  test('Node children take the new limit for theirs', async () => {
    const cage = make({ memory: '100M' });
    cage.cgroup.setLimits('200M');
    const tell = 'process.constrainedMemory() / 2 ** 20 + " " + process.env.NODE_OPTIONS';
    const env = { ...process.env, NODE_OPTIONS: '' };
    const { stdout } = await cage.run(process.execPath, ['-p', tell], { env });
    expect(stdout.trim()).toBe('200 --max-old-space-size=100');
  });

  describeIf('swap-accounting', 'with swap accounting', () => {
    test('swap of its own too', async () => {
      const cage = make({ memory: { max: '30M', swap: '10M' } });
      const { child, end } = await begin(cage, 'true');
      cage.cgroup.setLimits({ max: '100M', swap: '20M' });
      using leaf = Cgroup.of(child.pid as number);
      expect(leaf.limits()).toMatchObject({ max: 100 * MIB, swap: 20 * MIB });
      cage.cgroup.setLimits({ max: '40M', swap: 0 });
      expect(leaf.limits()).toMatchObject({ max: 40 * MIB, swap: 0 });
      await end();
    });
  });

  describeIf('v2', 'with group kills', () => {
    test('the limit of the cage is the one that is hit and told', async () => {
      const cage = make({ memory: { max: '30M', oomGroup: true } });
      const others = await begin(cage, 'true');
      cage.cgroup.setLimits('50M');
      const { end } = await begin(cage, `exec ${allocate(90)}`);
      const { path } = cage.cgroup;
      const verdict = { oom: { cause: 'limit', limitBytes: 50 * MIB, path }, memory: { limitBytes: 50 * MIB } };
      expect(await end()).toMatchObject(verdict);
      expect(await others.child.outcome).toMatchObject({ signal: 'SIGKILL', ...verdict });
    });
  });
});
