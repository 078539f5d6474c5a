import { once } from 'node:events';
import { dirname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import {
  type Cage,
  createBudget,
  createCage,
  createLauncher,
  type Outcome,
  run,
  type SharedCage,
  spawn,
  spawnSync,
} from 'memcage';
import { allocate } from '../../support/cage-kinds';
import { cgroupOf, files, limitOf, makeCgroup, write } from '../../support/cgroups/cgroup-tree';
import { allClosedAfterEach } from '../../support/closed-after-each';
import { drawn } from '../../support/drawn';
import { withCode } from '../../support/error-code';
import { kernelHas } from '../../support/kernel-version';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { thrown } from '../../support/thrown';

jest.setTimeout(patience(30_000));

const LIMIT = 40 * 2 ** 20;
const memory = '40M';
const LOST = withCode('NO_CONTROLLER', 'has lost its limits of memory');
const KILLED = withCode('MEMORY_LIMIT');
const TOO_MUCH = ['-c', `exec ${allocate(60)}`];
/** Takes more than its limit once it is told to go. */
const HUNGRY = ['-c', `echo up; read go || exit 0; exec ${allocate(60)}`];

interface Waiting {
  /** The cgroup that it is in. */
  path: string;
  cage: Cage;
  outcome: Promise<Outcome>;
  go(): void;
  /** It ends without going. */
  end(): void;
}

type Talking = Pick<Waiting, 'cage' | 'outcome'> & {
  pid?: number | undefined;
  stdin: Writable | null;
  stdout: Readable | null;
};

async function waiting({ pid = 0, stdin, stdout, cage, outcome }: Talking): Promise<Waiting> {
  await once(stdout as Readable, 'data');
  return { path: cgroupOf(pid), cage, outcome, go: () => stdin?.end('go\n'), end: () => stdin?.end() };
}

/** The cgroups above it, nearest first, up to the cage root. */
function above(path: string): string[] {
  const up = dirname(path);
  return /\/memcage-\d+-[0-9a-f]+$/.test(up) ? [up] : [up, ...above(up)];
}

function control(path: string, value: string): void {
  write(path, 'cgroup.subtree_control', value);
}

/** What its child may do in all namespaces, if it is root or the user of this process. */
function disable(path: string): void {
  for (const up of above(path)) control(up, '-memory');
}

/** Hides that, as well as anyone can. */
function enableWithLimits(path: string): void {
  for (const up of above(path).reverse()) control(up, '+memory');
  for (const each of [...above(path).reverse().slice(1), path]) write(each, files.limit, String(LIMIT));
}

describeIf(['v2', 'root'], 'whoever disables the memory controller for cages', () => {
  const cageOf = allClosedAfterEach(createCage);
  const budgetOf = allClosedAfterEach(createBudget);
  expectNothingLeft(
    async () => {
      for (let start = 0; start < 2; start += 1) await run('true', { memory });
    },
    { parents: true },
  );

  const alone = (): Promise<Waiting> => waiting(spawn('sh', HUNGRY, { memory }));
  const within = (cage: SharedCage, options = {}): Promise<Waiting> => waiting(cage.spawn('sh', HUNGRY, options));
  const starts: [string, () => Promise<Waiting>][] = [
    ['private', alone],
    ['of many', () => within(cageOf({ memory }))],
    ['private, in one of many', () => within(cageOf({ memory: '1G' }), { memory })],
    ['of many, in one of many', () => cageOf({ memory: '1G' }).contain(() => within(cageOf({ memory })))],
  ];
  const name = ([kind]: (typeof starts)[number]): string => kind;
  const lost = {
    exitCode: 0,
    oom: null,
    memory: { limitBytes: Number.POSITIVE_INFINITY, peakBytes: null },
    error: LOST,
  };

  async function laterStartsHold(): Promise<void> {
    for (let start = 0; start < 3; start += 1) {
      expect(await run('true', { memory, pids: 20 })).toMatchObject({ exitCode: 0, memory: { limitBytes: LIMIT } });
    }
    expect(spawnSync('true', [], { memory }).outcome).toMatchObject({ exitCode: 0, memory: { limitBytes: LIMIT } });
    await expect(cageOf({ memory }).run('sh', TOO_MUCH)).rejects.toEqual(KILLED);
    await createLauncher({ memory }).close();
  }

  testRows(
    'has the outcome tell, and keeps no later cage from its limit',
    drawn(starts, 2),
    async ([, start]) => {
      const child = await start();
      disable(child.path);
      child.go();
      expect(await child.outcome).toMatchObject(lost);
      await laterStartsHold();
    },
    { name },
  );

  testRows(
    'and enables it again, has the outcome tell, whatever the limit is then',
    drawn(starts, 2, 1),
    async ([, start]) => {
      const child = await start();
      disable(child.path);
      enableWithLimits(child.path);
      expect(limitOf(child.path)).toBe(LIMIT);
      child.end();
      expect(await child.outcome).toMatchObject({ exitCode: 0, oom: null, memory: { peakBytes: null }, error: LOST });
      await laterStartsHold();
    },
    { name },
  );

  test('has run() reject, and createLauncher() by its close()', async () => {
    const launcher = createLauncher({ memory });
    const script = 'for up in $(dirname "$0")*; do echo -memory >"$up/cgroup.subtree_control"; done';
    const path = launcher.cage.cgroup.path;
    await expect(run('sh', ['-c', script, path], { memory })).rejects.toEqual(LOST);
    await expect(launcher.close()).rejects.toEqual(LOST);
    await laterStartsHold();
  });

  test('for a cage of many keeps it from starting anything, and no other cage', async () => {
    const cage = cageOf({ memory });
    const child = await within(cage);
    disable(child.path);
    for (const enable of [() => {}, () => enableWithLimits(child.path)]) {
      enable();
      expect(thrown(() => cage.spawn('true'))).toEqual(LOST);
      await expect(cage.run('true')).rejects.toEqual(LOST);
      await expect(cage.run('true', { memory: '20M' })).rejects.toEqual(LOST);
      expect(thrown(() => cage.contain(() => createCage({ memory: '20M' })))).toEqual(LOST);
    }
    child.end();
    expect(await child.outcome).toMatchObject({ error: LOST });
    await laterStartsHold();
  });

  test('within a cage of many leaves that cage its limit, and has the next start enable it again', async () => {
    const cage = cageOf({ memory, pids: 50 });
    const child = await within(cage);
    control(cage.cgroup.path, '-memory');
    child.end();
    expect(await child.outcome).toMatchObject({ memory: { limitBytes: LIMIT, peakBytes: null }, error: LOST });
    expect(await cage.run('true')).toMatchObject({ exitCode: 0, memory: { limitBytes: LIMIT } });
    await expect(cage.run('sh', TOO_MUCH)).rejects.toEqual(KILLED);
    await cage.run('true', { pids: 10 });
    control(cage.cgroup.path, '-pids');
    expect(await cage.run('true', { pids: 10 })).toMatchObject({ limits: { pids: { limit: 10, limitHits: 0 } } });
  });

  testRows(
    'has the outcome tell, too, of another controller',
    [
      ['pids', { pids: 20 }],
      ['cpu', { cpu: 0.5 }],
      ['cpuset', { cpu: { set: '0' } }],
    ] as const,
    async ([controller, limits]) => {
      const gone = withCode('NO_CONTROLLER', `-${controller} in cgroup.subtree_control`);
      const child = await waiting(spawn('sh', HUNGRY, { memory, ...limits }));
      control(dirname(child.path), `-${controller}`);
      child.end();
      expect(await child.outcome).toMatchObject({ exitCode: 0, memory: { limitBytes: LIMIT }, error: gone });
      await run('true', { memory, ...limits });
      const cage = cageOf({ memory, ...limits });
      await cage.run('true');
      control(dirname(cage.cgroup.path), `-${controller}`);
      await expect(cage.run('true')).rejects.toEqual(gone);
      await run('true', { memory, ...limits });
    },
    { name: ([controller]) => controller },
  );

  test('has a budget reject its jobs', async () => {
    for (const admit of ['limits', 'use'] as const) {
      const budget = budgetOf({ memory: '200M', admit });
      const child = await waiting(await budget.spawn('sh', HUNGRY, { memory }));
      disable(child.path);
      child.go();
      expect(await child.outcome).toMatchObject(lost);
      await expect(budget.run('true', { memory })).rejects.toEqual(LOST);
      await expect(budget.spawn('true', { memory })).rejects.toEqual(LOST);
      expect(budget.stats()).toMatchObject({ running: 0, queued: 0 });
    }
  });

  test('has those who ask for figures told', async () => {
    const child = await alone();
    const { cgroup } = child.cage;
    const heard: string[] = [];
    for (const event of ['oom', 'removed', 'empty'] as const) cgroup.on(event, () => heard.push(event));
    const peak = kernelHas(6, 12) ? cgroup.trackPeak() : undefined;
    cgroup.stat();
    disable(child.path);
    expect(thrown(() => cgroup.stat())).toEqual(LOST);
    if (peak !== undefined) expect(thrown(() => peak.peak())).toEqual(LOST);
    const withoutFile = withCode('UNSUPPORTED', 'it has no memory controller');
    for (const call of [() => cgroup.stat(), () => cgroup.usage(), () => child.cage.setLimits({ memory: '50M' })]) {
      expect(thrown(call)).toEqual(withoutFile);
    }
    await expect(cgroup.watch().next()).rejects.toEqual(withoutFile);
    peak?.close();
    expect(heard).toEqual([]);
    child.go();
    expect(await child.outcome).toMatchObject(lost);
    expect(heard).toEqual(['empty', 'removed']);
  });

  test('and for the cgroup around them, keeps no later cage from its limit', async () => {
    const parent = makeCgroup();
    try {
      const options = { memory, parent: parent.path } as const;
      const detached = await waiting(spawn('sh', HUNGRY, { ...options, detached: true }));
      const child = await waiting(spawn('sh', HUNGRY, options));
      disable(child.path);
      control(parent.path, '-memory');
      for (const each of [child, detached]) {
        each.go();
        expect(await each.outcome).toMatchObject(lost);
      }
      for (let start = 0; start < 3; start += 1) await expect(run('sh', TOO_MUCH, options)).rejects.toEqual(KILLED);
      expect(await run('true', { ...options, detached: true })).toMatchObject({ memory: { limitBytes: LIMIT } });
    } finally {
      parent.remove();
    }
  });
});
