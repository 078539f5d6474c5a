import childProcess from 'node:child_process';
import { type Budget, createBudget, createWarmPool, type WarmPool } from 'memcage';
import { attempt, follow } from '../finish';
import type { Kind, World } from '../world';
import { ANSWERS, TRUE } from './programs';

const QUIET = { stdio: 'ignore' } as const;

const budgetOf = (world: World): Budget => world.shared('budget', () => createBudget({ memory: '256M' }), 300);
const poolOf = (world: World): WarmPool =>
  world.shared(
    'pool',
    () => {
      const pool = createWarmPool(ANSWERS, { memory: '200M', spare: 1, maxChildren: 2, maxUses: 100 });
      pool.on('error', () => {});
      return pool;
    },
    400,
  );

const tallied = new WeakMap<WarmPool, number>();

/** Counts the children that a pool has started since the last time. */
function tallyStarts(world: World, pool: WarmPool): void {
  const { started } = pool.stats();
  for (let child = tallied.get(pool) ?? 0; child < started; child += 1) world.tally.start();
  tallied.set(pool, started);
}

const jobs: Kind = {
  name: 'budget',
  weight: 30,
  run: (world) => attempt(world, jobs.name, () => budgetOf(world).run(TRUE, [], { memory: '64M' })),
};

const spawned: Kind = {
  name: 'budget spawn',
  weight: 10,
  run: (world) =>
    attempt(world, spawned.name, async () =>
      follow(world, spawned.name, await budgetOf(world).spawn(TRUE, [], { ...QUIET, memory: '64M' })),
    ),
};

/** More than there is room for, so some are born before their turn. */
const gated: Kind = {
  name: 'gate',
  weight: 20,
  run: (world) =>
    attempt(world, gated.name, async () => {
      const children = budgetOf(world).contain(
        () =>
          Array.from({ length: 3 }, () => {
            const child = childProcess.spawn(TRUE, [], QUIET);
            // Should the next one throw, nobody follows this one.
            child.on('error', () => {});
            return child;
          }),
        { memory: '100M' },
      );
      for (const _ of children) world.tally.start();
      await Promise.all(children.map((child) => follow(world, gated.name, child)));
    }),
};

/** Most are messages to a child that is there. */
const warm: Kind = {
  name: 'warm pool',
  weight: 4,
  async run(world) {
    try {
      const pool = poolOf(world);
      await pool.ask(7).finally(() => tallyStarts(world, pool));
      world.tally.end(warm.name, 'good');
    } catch (error) {
      world.tally.refuse(warm.name, error);
    }
  },
};

export const waitingKinds = [jobs, spawned, gated, warm];
